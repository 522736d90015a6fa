// SPDX-License-Identifier: Apache-2.0
// inspect: what goes on inside a network for given token ids: logits, hidden states, attention
// probabilities, input gradients. No text, no labels; tensors are named as in Hugging Face's
// outputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pellucid/models/network.h"

namespace pellucid {

/// A sum of outputs, one for each row of the batch; its gradient is with respect to the output of
/// the word-embedding table.
struct InspectTarget {
  std::string output = "logits";  ///< "logits", "start_logits" or "end_logits"
  /// [row, class], [row, position, class], or for start and end logits [row, position].
  std::vector<std::vector<std::int64_t>> indices;
};

/// Lists of numbers, [batch][length].
using InspectRows = std::vector<std::vector<std::int32_t>>;

struct InspectCase {
  InspectRows input_ids;
  InspectRows attention_mask;  ///< 0 or 1; empty: all 1
  InspectRows token_type_ids;  ///< empty: all 0
  InspectRows position_ids;    ///< empty: the columns
  /// Of encoder-decoders. Empty: the model makes them of input_ids, if it has a rule; where a text
  /// is generated, the start token alone.
  InspectRows decoder_input_ids;
  std::vector<InspectTarget> gradients;
};

struct InspectOptions {
  bool logits = true;  ///< or start_logits and end_logits; nothing for a model without a head
  bool hidden_states = false;
  bool attentions = false;
  bool embeddings = false;
  bool pooled = false;        ///< throws UsageError for heads that do not pool
  std::int64_t generate = 0;  ///< tokens to continue each row by, greedily and without an end
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// logits [batch, outputs] or [batch, length, outputs], start_logits and end_logits [batch,
/// length], hidden_states.I, embeddings and grad.J [batch, length, hidden], attentions.I [batch,
/// heads, length, length], pooled [batch, hidden], generated and log_probabilities [batch, tokens].
/// Of encoder-decoders encoder_hidden_states.I, decoder_hidden_states.I, encoder_attentions.I,
/// decoder_attentions.I, cross_attentions.I, encoder_embeddings, decoder_embeddings,
/// grad.J.encoder, grad.J.decoder; the decoder has no mask.
/// What is masked is zero. Throws Error naming the row and position of an id, type or position that
/// the model does not have.
std::vector<NamedTensor> inspect(const Network& network, const InspectCase& input,
                                 const InspectOptions& options);

}  // namespace pellucid
