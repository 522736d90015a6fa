// SPDX-License-Identifier: Apache-2.0
// The rows of a sequence's logits that a target reads.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/evaluator/target.h"
#include "pellucid/nn/batch.h"

namespace pellucid {

/// Copied next to each other.  logits: of one sequence, [rows read, outputs]
std::vector<float> gather_target(const Target& target, const Sequence& input, const float* logits,
                                 std::int64_t outputs);

/// The reverse: adds what stands in `rows` to the rows of `cotangent` that the target reads.
void scatter_gradient(const Target& target, const Sequence& input, const std::vector<float>& rows,
                      std::int64_t outputs, float* cotangent);

}  // namespace pellucid
