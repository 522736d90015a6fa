// SPDX-License-Identifier: Apache-2.0
// Input x gradient: a_i = dF/dE_i * (E_i - E'_i), E' = 0 by default, for template tokens too; they
// keep their embedding in any other baseline.  Shrikumar et al. 2016, arXiv 1605.01713
// Complete only for linear F.
#pragma once

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

struct InputXGradient {
  Replacement baseline{.kind = Replacement::Kind::zero};
  Reduce reduce = Reduce::dot;
  std::string layer = "embeddings";
  RowBudget evaluations{};

  std::string name() const { return "input-x-gradient"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
