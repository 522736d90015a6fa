// SPDX-License-Identifier: Apache-2.0
// Attention rollout: attention followed through the layers, with residual connections as one half.
//   R = prod_L (0.5 mean_h A^(L) + 0.5 I), later layers on the left; rows sum to 1
// Abnar and Zuidema 2020, arXiv 2005.00928
#pragma once

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

struct AttentionRollout {
  RowBudget evaluations{};

  std::string name() const { return "attention-rollout"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
