// SPDX-License-Identifier: Apache-2.0
// Leave-one-out: how much the target falls when a unit is replaced.
//   phi_u = v(all) - v(all without u)
// Li, Monroe, Jurafsky 2016, arXiv 1612.08220
#pragma once

#include "pellucid/attributions/game.h"
#include "pellucid/attributions/method_options.h"

namespace pellucid {

Solution leave_one_out(Game& game);

struct LeaveOneOut {
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "leave-one-out"; }
  Parameters parameters() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
