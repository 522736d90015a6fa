// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/replicates.h"

#include <algorithm>
#include <cmath>

namespace pellucid {

std::vector<double> standard_errors(const Replicates& replicates, std::size_t target, Aggregate how,
                                    const Units& units, const std::vector<double>& scores) {
  std::vector<double> errors(scores.size());
  for (const auto& replicate : replicates.token_scores) {
    const std::vector<double> other = aggregate(how, units, replicate[target]);
    for (std::size_t u = 0; u < scores.size(); ++u) {
      errors[u] += (other[u] - scores[u]) * (other[u] - scores[u]);
    }
  }
  for (double& error : errors) error = std::sqrt(replicates.factor * error);
  return errors;
}

bool settled(const Replicates& replicates, const std::vector<std::vector<double>>& token_scores,
             const Units& units, double tolerance) {
  if (replicates.empty()) return false;
  for (std::size_t t = 0; t < token_scores.size(); ++t) {
    const std::vector<double> scores = aggregate(Aggregate::sum, units, token_scores[t]);
    const std::vector<double> errors =
        standard_errors(replicates, t, Aggregate::sum, units, scores);
    double largest = 0, worst = 0;
    for (std::size_t u = 0; u < scores.size(); ++u) {
      if (std::isnan(scores[u])) continue;
      largest = std::max(largest, std::abs(scores[u]));
      worst = std::max(worst, errors[u]);
    }
    if (worst > tolerance * largest) return false;
  }
  return true;
}

}  // namespace pellucid
