// SPDX-License-Identifier: Apache-2.0
// The sentences and facts that all drawings of an explanation share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pellucid/attributions/explanation.h"

namespace pellucid::report {

struct LabelledProbability {
  std::string label;
  double probability = 0;
  std::int64_t index = 0;
};

/// Classes with their probabilities, most probable first; empty for tasks without classes. Names
/// that several classes share get their index: "other (3)".
std::vector<LabelledProbability> ranked_classes(const Prediction& prediction);

/// Probability of the target's class; none when it has no class.
std::optional<double> target_probability(const Explanation& explanation, const Target& target);

/// "Integrated gradients" from "integrated-gradients".
std::string method_title(std::string_view name);
/// "32 steps", "rule gauss-legendre" ...: one parameter as a person says it.
std::string parameter_text(const std::pair<std::string, Parameter>& parameter);
/// "word" -> "words", "all-tokens" -> "tokens".
std::string plural(Unit kind);

/// Indexes of units by magnitude of their score, largest first, ties in text order; scores that do
/// not exist are left out.
std::vector<std::size_t> strongest(const std::vector<double>& scores);

/// The target that is shown first: the model's own answer when it is explained, else the first one.
std::size_t main_target(const Explanation& explanation);

/// The targets that are drawn when there are more than `limit`: those with the largest value, in
/// their own order.
std::vector<std::size_t> drawn_targets(const Explanation& explanation, std::size_t limit);

/// NaN past the end, so that results that do not fit together draw as "no score".
double score_at(const std::vector<double>& scores, std::size_t index);

/// True when the scores are sums of the token scores of their units.
bool is_additive(const Explanation& explanation, const TargetExplanation& target);

}  // namespace pellucid::report
