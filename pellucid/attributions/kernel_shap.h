// SPDX-License-Identifier: Apache-2.0
// KernelSHAP: Shapley values as the weighted linear regression of v on coalitions, with their sum
// fixed exactly.  Lundberg, Lee 2017, arXiv 1705.07874; paired draws and errors: Covert, Lee 2021,
// arXiv 2012.01536
//   minimise sum of w(|z|) (v(z) - v(0) - z.phi)^2 subject to sum phi = v(1) - v(0)
//   w(k) = (n - 1) / (C(n, k) k (n - k))
#pragma once

#include "pellucid/attributions/sampling.h"

namespace pellucid {

/// Sizes are played completely from the outside in while the kernel gives them that many rows; of
/// the rest pairs of a coalition and its complement are drawn. All coalitions, when they fit, give
/// the Shapley value exactly.
Solution kernel_shap(Game& game, const Budget& budget);

struct KernelShap {
  Budget budget{};
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "kernel-shap"; }
  Parameters parameters() const;
  void check() const { budget.check(2); }
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
