// SPDX-License-Identifier: Apache-2.0
// Predictions of heads that read one row for a sequence: classes, independent labels, values.
#pragma once

#include <span>

#include "pellucid/evaluator/prediction.h"
#include "pellucid/tasks/head_facts.h"

namespace pellucid {

/// logits: the sequence's row. A head with one logit z that is no regression answers for two
/// classes, with logits -z and z.
Prediction classify(const HeadFacts& facts, Task task, std::span<const float> logits);

}  // namespace pellucid
