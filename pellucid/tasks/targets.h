// SPDX-License-Identifier: Apache-2.0
// Targets of a classification by name: what the words of --target mean for one prediction.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pellucid/evaluator/prediction.h"
#include "pellucid/evaluator/target.h"
#include "pellucid/models/model.h"
#include "pellucid/tasks/head_facts.h"

namespace pellucid {

/// wanted, in the order of the result:
///   predicted   the predicted class; multi-label: all with probability >= 0.5, most probable first
///               (none: the strongest one, with a warning); regression: every value
///   all         every label, by index
///   top:K       the K most probable labels, ties by index
///   A-B         A rather than B: the difference of their logits, unless an output is asked for
///   LABEL       an exact name, else a unique name without case, else an index in digits
/// Nothing wanted: predicted. The first three words mean the above even when a label has that name.
/// logits: the sequence's row. Throws UsageError naming the target that does not exist.
std::vector<Target> resolve_targets(const Model& model, Task task,
                                    const std::vector<std::string>& wanted,
                                    std::optional<Output> output, const Prediction& prediction,
                                    std::span<const float> logits,
                                    std::vector<std::string>* warnings = nullptr);
std::vector<Target> resolve_targets(const HeadFacts& facts, Task task,
                                    const std::vector<std::string>& wanted,
                                    std::optional<Output> output, const Prediction& prediction,
                                    std::span<const float> logits,
                                    std::vector<std::string>* warnings = nullptr);

}  // namespace pellucid
