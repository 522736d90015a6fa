// SPDX-License-Identifier: Apache-2.0
// Permutation Shapley: what units add along random orders and the same orders reversed.
//   phi_i = mean over drawn orders of v(those before i, and i) - v(those before i)
// Castro, Gomez, Tejada 2009, "Polynomial calculation of the Shapley value based on sampling"
#pragma once

#include "pellucid/attributions/sampling.h"

namespace pellucid {

/// The sum of the scores is v(1) - v(0) after any number of draws.
Solution permutation_shap(Game& game, const Budget& budget);

struct PermutationShap {
  Budget budget{};
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "permutation-shap"; }
  Parameters parameters() const;
  void check() const { budget.check(2); }
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
