// SPDX-License-Identifier: Apache-2.0
// Method: which variants of the input the model should see, and how to combine what it answers. Any
// struct will do that has `std::string name() const`, `Parameters parameters() const` and
// `Attribution operator()(Evaluator&) const`; with `void check() const` it refuses settings that
// cannot be before any text is seen.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pellucid/attributions/explanation.h"
#include "pellucid/attributions/replicates.h"
#include "pellucid/evaluator/evaluator.h"

namespace pellucid {

using Parameters = std::vector<std::pair<std::string, Parameter>>;

/// What a method finds, for every target. Exactly one of token_scores and unit_scores is filled.
struct Attribution {
  std::vector<std::vector<double>> token_scores{};     ///< [targets][tokens], after reduction
  std::vector<std::vector<double>> unit_scores{};      ///< [targets][units]
  std::vector<std::vector<double>> standard_errors{};  ///< [targets][units]; empty: exact
  /// Of token scores that were sampled: standard errors of units come from them.
  Replicates replicates{};
  std::vector<double> baseline_values{};  ///< [targets]; empty: never evaluated
  /// [targets][units][units], symmetric; empty: not a method of interactions
  std::vector<std::vector<std::vector<double>>> interactions{};
  std::vector<std::vector<std::vector<double>>> interaction_errors{};  ///< empty: exact
  /// Signs of the mean effects beside scores that are magnitudes, [targets][units]; may be empty.
  std::vector<std::vector<double>> directions{};
  /// How much of the target's variance a fitted line explains, [targets]; empty: no line is fitted.
  std::vector<double> r_squared{};
  std::vector<Counterfactual> counterfactuals{};  ///< [targets]; empty: not a search
  bool complete = false;  ///< scores should sum to value - baseline value: the gap is reported
  /// What makes the gap smaller, for the warning about a large one.
  std::string remedy = "--steps auto adds points until they agree";
  bool is_signed = true;
  bool converged = true;
  /// [targets, tokens, hidden] before multiplication and reduction; kept when the caller wants to
  /// dump it.
  std::optional<GradientSum> gradients{};
};

class Method {
 public:
  template <class M>
  Method(M method)  // NOLINT(google-explicit-constructor): .method = IntegratedGradients{...}
      : name_(method.name()),
        parameters_(method.parameters()),
        run_([method](Evaluator& evaluator) { return method(evaluator); }) {
    if constexpr (requires { method.check(); }) method.check();
  }

  const std::string& name() const { return name_; }
  const Parameters& parameters() const { return parameters_; }
  Attribution operator()(Evaluator& evaluator) const { return run_(evaluator); }

 private:
  std::string name_;
  Parameters parameters_;
  std::function<Attribution(Evaluator&)> run_;
};

}  // namespace pellucid
