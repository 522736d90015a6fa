// SPDX-License-Identifier: Apache-2.0
// Texts that grow at their end, and what a network says comes next. Keys and values are kept where
// the network can go on from them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pellucid/models/network.h"

namespace pellucid {

struct Continuation {
  std::vector<std::int32_t> ids;
  KeyValueCache cache{};  ///< of all ids but those added since the last call
};

/// Where generation begins: a causal model goes on from text.ids; the decoder of an encoder-decoder
/// from text.decoder_ids or the model's start token, its encoder reads text.ids.
Continuation begin(const Network& network, const Sequence& text);

/// Logits of the token behind each text, [texts, vocabulary].
Tensor next_logits(const Network& network, std::span<Continuation* const> texts);

/// log softmax of a row of logits, in double.
std::vector<double> log_probabilities(std::span<const float> logits);

}  // namespace pellucid
