// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/path_scores.h"

namespace pellucid {

std::vector<std::vector<double>> path_scores(Reduce how, const GradientSum& gradients,
                                             const Path& path) {
  std::vector<std::vector<double>> scores;
  std::vector<double> product(static_cast<std::size_t>(gradients.hidden()));
  for (std::int64_t t = 0; t < gradients.targets(); ++t) {
    auto& tokens = scores.emplace_back();
    for (std::int64_t i = 0; i < gradients.tokens(); ++i) {
      const std::span<const double> g = gradients.row(t, i);
      const float* from = path.from.row(i);
      const float* to = path.to.row(i);
      for (std::size_t h = 0; h < product.size(); ++h) {
        product[h] = g[h] * (double{to[h]} - double{from[h]});
      }
      tokens.push_back(reduce(how, product));
    }
  }
  return scores;
}

}  // namespace pellucid
