// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/target_explanation.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "pellucid/tasks/target_details.h"

namespace pellucid {
namespace {

constexpr double kLargeGap = 0.05;   // relative: a warning
constexpr double kNoChange = 1e-12;  // |value - baseline_value| too small to compare a gap with

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Sum over tokens of no unit.
double unassigned(const Units& units, const std::vector<double>& tokens) {
  const auto places = units.unit_of_token(static_cast<std::int64_t>(tokens.size()));
  double sum = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!places[i]) sum += tokens[i];
  }
  return sum;
}

double total_of_seen(const std::vector<double>& scores) {
  double sum = 0;
  for (const double score : scores) sum += std::isnan(score) ? 0 : score;
  return sum;
}

}  // namespace

TargetExplanation explain_target(const Attribution& found, std::size_t index, const Units& units,
                                 const Settings& settings) {
  TargetExplanation target;
  target.is_signed =
      found.is_signed && settings.aggregate != Aggregate::l1 && settings.aggregate != Aggregate::l2;
  if (!found.token_scores.empty()) {
    target.token_scores = found.token_scores[index];
    target.scores = aggregate(settings.aggregate, units, target.token_scores);
    target.sum = total(target.token_scores);
    target.unassigned = unassigned(units, target.token_scores);
  } else {
    target.scores = found.unit_scores[index];
    target.sum = total_of_seen(target.scores);
  }
  if (!found.baseline_values.empty()) target.baseline_value = found.baseline_values[index];
  if (!found.replicates.empty()) {
    target.standard_errors =
        standard_errors(found.replicates, index, settings.aggregate, units, target.scores);
  }
  add_details(found, index, target);
  normalize_with_details(settings.normalize, target);
  return target;
}

void state_gap(TargetExplanation& target, const std::string& remedy,
               std::vector<std::string>& warnings) {
  const double change = *target.value - *target.baseline_value;
  target.completeness_gap = std::abs(*target.sum - change);
  if (std::abs(change) < kNoChange) return;
  target.relative_gap = *target.completeness_gap / std::abs(change);
  if (*target.relative_gap <= kLargeGap) return;
  warnings.push_back(fmt::format("{}: the scores miss the change of the target by {:.1f} %{}{}",
                                 target.target.label, 100 * *target.relative_gap,
                                 remedy.empty() ? "" : "; ", remedy));
}

void negate(TargetExplanation& target) {
  for (double& score : target.scores) score = -score;
  for (double& score : target.token_scores) score = -score;
  negate_details(target);
  if (target.sum) target.sum = -*target.sum;
  if (target.unassigned) target.unassigned = -*target.unassigned;
}

}  // namespace pellucid
