// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/path_dots.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pellucid {

Dots no_dots(const Evaluator& evaluator) {
  return Dots(static_cast<std::size_t>(evaluator.target_count()),
              std::vector<double>(static_cast<std::size_t>(evaluator.tokens())));
}

void add_dots(Dots& sum, double weight, const Dots& added) {
  for (std::size_t t = 0; t < sum.size(); ++t) {
    for (std::size_t i = 0; i < sum[t].size(); ++i) sum[t][i] += weight * added[t][i];
  }
}

Dots path_dots(const Path& path, const GradientView& gradients, std::int64_t targets) {
  Dots dots(static_cast<std::size_t>(targets));
  for (std::int64_t t = 0; t < targets; ++t) {
    for (std::int64_t i = 0; i < gradients.tokens; ++i) {
      const float* g = gradients.row(t, i);
      const float* from = path.from.row(i);
      const float* to = path.to.row(i);
      double sum = 0;
      for (std::int64_t h = 0; h < gradients.hidden; ++h) {
        sum += double{g[h]} * (double{to[h]} - double{from[h]});
      }
      dots[static_cast<std::size_t>(t)].push_back(sum);
    }
  }
  return dots;
}

Dots path_dots(const Path& path, const GradientSum& gradients) {
  Dots dots(static_cast<std::size_t>(gradients.targets()));
  for (std::int64_t t = 0; t < gradients.targets(); ++t) {
    for (std::int64_t i = 0; i < gradients.tokens(); ++i) {
      const std::span<const double> g = gradients.row(t, i);
      double sum = 0;
      for (std::size_t h = 0; h < g.size(); ++h) {
        sum += g[h] * (double{path.to.row(i)[h]} - double{path.from.row(i)[h]});
      }
      dots[static_cast<std::size_t>(t)].push_back(sum);
    }
  }
  return dots;
}

double dots_total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double dots_largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

double change_scale(const Evaluator& evaluator, std::size_t target, double change) {
  return std::max(std::abs(change), 0.01 * evaluator.spread(static_cast<std::int64_t>(target)));
}

}  // namespace pellucid
