// SPDX-License-Identifier: Apache-2.0
// Explanation: targets x units of scores, with everything needed to check and to draw them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pellucid/evaluator/prediction.h"
#include "pellucid/evaluator/target.h"
#include "pellucid/text/encoding.h"
#include "pellucid/text/units.h"

namespace pellucid {

/// A unit that is changed, and what stands in its place.
struct Edit {
  std::int64_t unit = 0;
  std::string from;
  std::string to;  ///< "" where the unit is deleted
};

/// Changes of units that lead to another answer, or units that suffice for the answer.
struct Counterfactual {
  bool found = false;  ///< else the best attempt
  std::vector<Edit> edits;
  std::vector<float> logits;  ///< of the changed text
  Prediction prediction;      ///< of the changed text
  std::int64_t evaluations = 0;
};

/// Scores of one target. NaN marks a score that does not exist (a unit the model never saw); JSON
/// prints null.
struct TargetExplanation {
  Target target;
  std::optional<double> value;           ///< target on the real input
  std::optional<double> baseline_value;  ///< target on the baseline; none when never evaluated
  bool is_signed = true;                 ///< false: scores are magnitudes
  std::vector<double> scores;            ///< [units], after aggregation and normalisation
  std::vector<double>
      token_scores;  ///< [tokens], after reduction; empty for methods that only see units
  std::vector<double> standard_errors;  ///< [units]; empty: not a sampling method
  /// [units][units], symmetric; empty: not a method of interactions. NaN: not asked for.
  std::vector<std::vector<double>> interactions;
  std::vector<std::vector<double>> interaction_errors;  ///< standard errors; empty: exact
  std::vector<double> directions;   ///< signs of the mean effects, [units]; may be empty
  std::optional<double> r_squared;  ///< of a fitted line
  std::optional<Counterfactual> counterfactual;
  std::optional<double> unassigned;  ///< sum over tokens of no unit
  std::optional<double> sum;         ///< over all tokens, before normalisation
  std::optional<double>
      completeness_gap;  ///< |sum - (value - baseline_value)|; none: the method is not complete
  std::optional<double> relative_gap;  ///< gap / |value - baseline_value|
};

/// A parameter of a method as shown in results: "steps": 32.
using Parameter = std::variant<bool, std::int64_t, double, std::string>;

struct MethodDescription {
  std::string name;  ///< "integrated-gradients"
  std::optional<std::string> preset;
  std::vector<std::pair<std::string, Parameter>> parameters;  ///< in the order shown
};

struct Explanation {
  /// Copied from the input: a JSON value as text ("17", "\"a\"", "null").
  std::string id = "null";
  std::string model;
  Task task = Task::sequence_classification;
  std::string text;
  std::optional<std::string> pair;
  std::optional<std::string> true_label;  ///< given by the user
  Prediction prediction;
  std::vector<Token> tokens;
  Units units;
  std::vector<TargetExplanation> targets;
  MethodDescription method;
  std::int64_t evaluations = 0;  ///< model rows in all
  bool converged = true;
  std::string precision = "f32";
  std::uint64_t seed = 0;
  std::int64_t forwards = 0;  ///< model rows, not batches
  std::int64_t vjps = 0;
  double seconds = 0;
  std::vector<std::string> warnings;
  std::string version;

  /// Units with their scores for one target, strongest first (by magnitude; ties in text order).
  std::vector<std::pair<TextUnit, double>> ranked(std::size_t target = 0) const;
  /// Only finite numbers where numbers are expected.
  bool finite() const;
};

}  // namespace pellucid
