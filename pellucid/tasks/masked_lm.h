// SPDX-License-Identifier: Apache-2.0
// Masked language modelling: the most probable tokens at every mask.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pellucid/evaluator/prediction.h"
#include "pellucid/models/model.h"
#include "pellucid/text/encoding.h"

namespace pellucid {

/// Positions of the mask token. Throws Error naming it when the text has none.
std::vector<std::int64_t> mask_positions(const Tokenizer& tokenizer, const Encoding& encoding);

/// logits: [vocabulary] at one mask. Ties by id.
std::vector<MaskCandidate> top_tokens(const Tokenizer& tokenizer, std::span<const float> logits,
                                      std::int64_t top);

}  // namespace pellucid
