// SPDX-License-Identifier: Apache-2.0
// Random: scores that know nothing of the model, uniform in (-1, 1). The floor that metrics of
// other methods are compared with.
#pragma once

#include "pellucid/attributions/method_options.h"

namespace pellucid {

struct RandomScores {
  std::string name() const { return "random"; }
  Parameters parameters() const { return {}; }
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
