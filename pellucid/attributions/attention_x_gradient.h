// SPDX-License-Identifier: Apache-2.0
// Attention times its gradient, followed through the layers:
//   R = I, then from the first layer R <- R + mean_h max(A * dF/dA, 0) R; the row that is read
// Chefer et al. 2021, arXiv 2103.15679
#pragma once

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

struct AttentionXGradient {
  RowBudget evaluations{};

  std::string name() const { return "attention-x-gradient"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
