// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/target_details.h"

#include <algorithm>
#include <cmath>

namespace pellucid {
namespace {

double largest_of(const std::vector<double>& scores) {
  double largest = 0;
  for (const double score : scores) largest = std::max(largest, std::abs(score));
  return largest;
}

void scale(TargetExplanation& explanation, double factor) {
  for (double& error : explanation.standard_errors) error *= std::abs(factor);
  for (auto& row : explanation.interactions) {
    for (double& interaction : row) interaction *= factor;
  }
  for (auto& row : explanation.interaction_errors) {
    for (double& error : row) error *= std::abs(factor);
  }
}

}  // namespace

void add_details(const Attribution& found, std::size_t target, TargetExplanation& explanation) {
  const auto take = [target](const auto& of_targets, auto& to) {
    if (!of_targets.empty()) to = of_targets[target];
  };
  take(found.standard_errors, explanation.standard_errors);
  take(found.interactions, explanation.interactions);
  take(found.interaction_errors, explanation.interaction_errors);
  take(found.directions, explanation.directions);
  take(found.r_squared, explanation.r_squared);
  take(found.counterfactuals, explanation.counterfactual);
}

void normalize_with_details(Normalize how, TargetExplanation& explanation) {
  const double before = largest_of(explanation.scores);
  normalize(how, explanation.scores);
  const double after = largest_of(explanation.scores);
  if (after != before) scale(explanation, after / before);
}

void negate_details(TargetExplanation& explanation) {
  for (double& direction : explanation.directions) direction = -direction;
  scale(explanation, -1);
}

}  // namespace pellucid
