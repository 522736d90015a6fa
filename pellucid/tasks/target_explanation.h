// SPDX-License-Identifier: Apache-2.0
// From what a method found to the scores of one target, with everything needed to check them.
#pragma once

#include <string>
#include <vector>

#include "pellucid/attributions/explanation.h"
#include "pellucid/attributions/method.h"
#include "pellucid/tasks/preset.h"

namespace pellucid {

/// Scores of units after aggregation and normalisation, sums before it. Target and value are left
/// to the caller.
TargetExplanation explain_target(const Attribution& found, std::size_t index, const Units& units,
                                 const Settings& settings);

/// How far the scores miss value - baseline value; a warning with the method's remedy if far.
void state_gap(TargetExplanation& target, const std::string& remedy,
               std::vector<std::string>& warnings);

/// Multiplies all scores by -1.
void negate(TargetExplanation& target);

}  // namespace pellucid
