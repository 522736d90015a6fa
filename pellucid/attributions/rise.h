// SPDX-License-Identifier: Apache-2.0
// RISE: mean of the target where a unit is kept, minus its mean where the unit is replaced, over
// random coalitions.  Petsiuk, Das, Saenko 2018, arXiv 1806.07421
// With fair coins that estimates the Banzhaf value; all coalitions, when they fit, give it exactly.
#pragma once

#include "pellucid/attributions/sampling.h"

namespace pellucid {

struct Rise {
  Budget budget{};
  double probability = 0.5;  ///< that a unit is kept
  bool centre = true;        ///< false: the mean where the unit is kept, alone
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "rise"; }
  Parameters parameters() const;
  void check() const;
  Solution solve(Game& game) const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
