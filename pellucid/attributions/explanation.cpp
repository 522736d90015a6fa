// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/explanation.h"

#include <algorithm>
#include <cmath>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

}  // namespace

std::vector<std::pair<TextUnit, double>> Explanation::ranked(std::size_t target) const {
  check_usage(target < targets.size(), "target {} of {}", target, targets.size());
  std::vector<std::pair<TextUnit, double>> result;
  const std::vector<double>& scores = targets[target].scores;
  for (std::size_t u = 0; u < scores.size(); ++u) {
    if (!std::isnan(scores[u])) result.emplace_back(units.units[u], scores[u]);
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return std::abs(a.second) > std::abs(b.second);
  });
  return result;
}

bool Explanation::finite() const {
  for (const TargetExplanation& target : targets) {
    if (target.value && !std::isfinite(*target.value)) return false;
    if (target.sum && !std::isfinite(*target.sum)) return false;
    if (!all_finite(target.token_scores)) return false;
    for (std::size_t u = 0; u < target.scores.size(); ++u) {
      const bool unseen = units.units[u].tokens.empty();  // NaN by right
      if (!unseen && !std::isfinite(target.scores[u])) return false;
    }
  }
  return true;
}

}  // namespace pellucid
