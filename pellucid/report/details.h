// SPDX-License-Identifier: Apache-2.0
// What methods find beside scores, in sentences: pairs of units that act together, changes of the
// text that lead to another answer, how well a line fits.
#pragma once

#include <string>
#include <vector>

#include "pellucid/attributions/explanation.h"

namespace pellucid::report {

/// Plain text; none for most methods.
std::vector<std::string> details(const Explanation& explanation, const TargetExplanation& target);

}  // namespace pellucid::report
