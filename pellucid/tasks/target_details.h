// SPDX-License-Identifier: Apache-2.0
// What some methods find beside the scores of a target: errors, interactions, directions, how well
// a line fits, a changed text.
#pragma once

#include "pellucid/attributions/method.h"
#include "pellucid/attributions/reduction.h"

namespace pellucid {

void add_details(const Attribution& found, std::size_t target, TargetExplanation& explanation);
/// Scores as normalize() makes them, and errors and interactions in their scale.
void normalize_with_details(Normalize how, TargetExplanation& explanation);
/// Signs of what goes with scores that are negated.
void negate_details(TargetExplanation& explanation);

}  // namespace pellucid
