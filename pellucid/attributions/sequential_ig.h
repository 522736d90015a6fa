// SPDX-License-Identifier: Apache-2.0
// Sequential integrated gradients: a path of its own for every unit, from the input with this unit
// at the baseline to the input.  Enguehard 2023, arXiv 2305.15853
// The sum over a unit is its leave-one-out effect; the sum over units is not F(E) - F(E').
#pragma once

#include <optional>

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/quadrature.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

struct SequentialIntegratedGradients {
  std::optional<std::int64_t> steps{};  ///< 16, or as many as the budget allows
  Rule rule = Rule::gauss_legendre;
  Replacement baseline{.kind = Replacement::Kind::pad};
  Reduce reduce = Reduce::dot;
  std::string layer = "embeddings";
  RowBudget evaluations{};

  std::string name() const { return "sequential-ig"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
