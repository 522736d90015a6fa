// SPDX-License-Identifier: Apache-2.0
// Integration with points added one interval at a time (adaptive quadrature with a local error
// estimate: Rice 1975, doi:10.1145/321864.321872). The estimate here is no second rule but the
// exact change of the target over the interval, which costs nothing.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "pellucid/attributions/path_dots.h"
#include "pellucid/attributions/path_integral.h"

namespace pellucid {
namespace {

constexpr int kFirstIntervals = 8;
constexpr std::size_t kHalvedAtOnce = 6;
constexpr double kNarrowest = 0x1p-16;

struct PathPoint {
  Dots dots;
  std::vector<double> slopes;  // [targets] d F / d alpha
  std::vector<double> values;  // [targets] F
};

/// Points by alpha, which is dyadic and so exact.
using PathPoints = std::map<double, PathPoint>;

/// Weights of values at `nodes` in the integral over [begin, end] of the cubic through them: two
/// Gauss points are exact for it.
std::array<double, 4> cubic_weights(const std::array<double, 4>& nodes, double begin, double end) {
  std::array<double, 4> weights{};
  for (const double side : {-1.0, 1.0}) {
    const double at = (begin + end) / 2 + side * (end - begin) / 2 / std::sqrt(3.0);
    for (std::size_t j = 0; j < 4; ++j) {
      double basis = 1;
      for (std::size_t m = 0; m < 4; ++m) {
        if (m != j) basis *= (at - nodes[m]) / (nodes[j] - nodes[m]);
      }
      weights[j] += basis * (end - begin) / 2;
    }
  }
  return weights;
}

/// The integral with the points so far.
struct Estimate {
  Dots dots;
  std::vector<std::vector<double>> residuals;  // [intervals][targets]
};

Estimate estimate(const Evaluator& evaluator, const PathPoints& points) {
  Estimate result{no_dots(evaluator), {}};
  const auto targets = static_cast<std::size_t>(evaluator.target_count());
  const std::size_t intervals = points.size() - 1;
  std::vector<std::pair<double, const PathPoint*>> all;
  for (const auto& [alpha, point] : points) all.emplace_back(alpha, &point);
  for (std::size_t k = 0; k < intervals; ++k) {
    const std::size_t first = std::min(k == 0 ? 0 : k - 1, intervals - 3);
    std::array<double, 4> nodes{};
    for (std::size_t j = 0; j < 4; ++j) nodes[j] = all[first + j].first;
    const auto weights = cubic_weights(nodes, all[k].first, all[k + 1].first);
    std::vector<double> residuals(targets);
    for (std::size_t t = 0; t < targets; ++t) {
      residuals[t] = all[k + 1].second->values[t] - all[k].second->values[t];
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const PathPoint& point = *all[first + j].second;
      add_dots(result.dots, weights[j], point.dots);
      for (std::size_t t = 0; t < targets; ++t) residuals[t] -= weights[j] * point.slopes[t];
    }
    for (double& residual : residuals) residual = std::abs(residual);
    result.residuals.push_back(std::move(residuals));
  }
  return result;
}

/// For each target what the sum of its residuals may be, and whether it has settled.
struct Limits {
  std::vector<double> residual;
  bool settled = true;
};

Limits limits(const Evaluator& evaluator, const PathPoints& points, const Estimate& now,
              double tolerance) {
  Limits result;
  const PathPoint& start = points.begin()->second;
  const PathPoint& end = points.rbegin()->second;
  for (std::size_t t = 0; t < now.dots.size(); ++t) {
    const double change = end.values[t] - start.values[t];
    const double gap_limit = tolerance * change_scale(evaluator, t, change);
    const double limit = 2 * tolerance * dots_largest(now.dots[t]);
    double sum = 0;
    for (const auto& interval : now.residuals) sum += interval[t];
    const double gap = std::abs(dots_total(now.dots[t]) - change);
    result.settled = result.settled && sum <= limit && gap <= gap_limit;
    result.residual.push_back(std::min(limit, 2 * gap_limit));
  }
  return result;
}

/// The middles of the intervals whose residuals are largest beside their share of what is allowed.
std::vector<double> next_points(const PathPoints& points, const Estimate& now,
                                const std::vector<double>& allowed, std::size_t most) {
  std::vector<std::pair<double, double>> candidates;  // excess, middle
  auto place = points.begin();
  for (const auto& residuals : now.residuals) {
    const double begin = place->first;
    const double end = (++place)->first;
    double excess = 0;
    for (std::size_t t = 0; t < residuals.size(); ++t) {
      if (residuals[t] > 0) excess = std::max(excess, residuals[t] / allowed[t]);
    }
    const double share = 0.5 / static_cast<double>(now.residuals.size());
    if (excess > share && end - begin > kNarrowest) {
      candidates.emplace_back(excess, (begin + end) / 2);
    }
  }
  const std::size_t count =
      std::min({candidates.size(), kHalvedAtOnce, most - std::min(most, points.size())});
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count),
                    candidates.end(), std::greater<>());
  std::vector<double> middles;
  for (std::size_t i = 0; i < count; ++i) middles.push_back(candidates[i].second);
  return middles;
}

void ask_points(Evaluator& evaluator, const Path& path, const std::vector<double>& alphas,
                PathPoints& points) {
  evaluator.ask_gradients(
      path, alphas,
      [&](std::size_t k, std::span<const double> values, const GradientView& gradients) {
        PathPoint point{path_dots(path, gradients, evaluator.target_count()), {}, {}};
        for (const auto& dots : point.dots) point.slopes.push_back(dots_total(dots));
        point.values.assign(values.begin(), values.end());
        points.emplace(alphas[k], std::move(point));
      });
  evaluator.run();
}

}  // namespace

PathIntegral integrate_refined(Evaluator& evaluator, const Path& path, double tolerance,
                               std::int64_t most) {
  PathIntegral result;
  PathPoints points;
  std::vector<double> alphas;
  for (int k = 0; k <= kFirstIntervals; ++k)
    alphas.push_back(static_cast<double>(k) / kFirstIntervals);
  while (!alphas.empty()) {
    ask_points(evaluator, path, alphas, points);
    Estimate now = estimate(evaluator, points);
    const Limits allowed = limits(evaluator, points, now, tolerance);
    result.dots = std::move(now.dots);
    result.converged = allowed.settled;
    if (result.converged) break;
    alphas = next_points(points, now, allowed.residual, static_cast<std::size_t>(most));
  }
  result.start = points.begin()->second.values;
  return result;
}

}  // namespace pellucid
