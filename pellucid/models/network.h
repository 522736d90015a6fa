// SPDX-License-Identifier: Apache-2.0
// Network: what all model families have in common for those who only run and differentiate them.
#pragma once

#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/autodiff/tap.h"
#include "pellucid/nn/batch.h"
#include "pellucid/nn/key_value_cache.h"

namespace pellucid {

class Checkpoint;
struct ModelConfig;

enum class HeadKind {
  none,                      ///< bare model: the last hidden states
  sequence_classification,   ///< one row of logits for each sequence
  token_classification,      ///< one row for each position read
  question_answering,        ///< one row (start, end) for each position read
  masked_lm,                 ///< one row over the vocabulary for each position read
  causal_lm,                 ///< the same, for the token that follows
  seq2seq_lm,                ///< the same, for what the decoder of an encoder-decoder says next
  replaced_token_detection,  ///< one logit for each position read: was this token replaced?
};

/// Heads whose models say token by token how a text goes on.
constexpr bool continues_texts(HeadKind head) {
  return head == HeadKind::causal_lm || head == HeadKind::seq2seq_lm;
}

/// Sizes that callers need to plan batches and to check inputs.
struct NetworkShape {
  HeadKind head = HeadKind::none;
  std::int64_t vocabulary = 0;
  std::int64_t types = 0;          ///< token types; 0: the model has none
  std::int64_t max_positions = 0;  ///< longest sequence
  std::int64_t positions = 0;      ///< position ids, where there are more; 0: max_positions
  /// False: positions are computed, longer sequences run too.
  bool positions_bounded = true;
  /// Positions count the tokens that a mask leaves; else the columns.
  bool positions_skip_masked = false;
  /// Tokens that a mask hides are read too, by themselves or as neighbours: they come along, marked
  /// in Sequence::hidden.
  bool keeps_masked = false;
  std::int64_t hidden = 0;
  std::int64_t word_width = 0;      ///< of a row of the word table, if not hidden
  std::int64_t position_width = 0;  ///< of a row of the position table, if not that of words
  std::int64_t layers = 0;
  std::int64_t attentions = 0;  ///< matrices of attention; 0: one for each layer
  std::int64_t heads = 0;
  std::int64_t outputs = 0;  ///< width of a row of logits
  /// Of the decoder of an encoder-decoder, where the numbers above are the encoder's; 0: there is
  /// none.
  std::int64_t decoder_layers = 0, decoder_heads = 0, decoder_vocabulary = 0;
  std::int64_t decoder_start = -1;  ///< the id that generation begins with; -1: none is known
  /// Floats of activations for each token: kept until the VJP, and at most at once without one.
  std::int64_t tracked_floats_per_token = 0;
  std::int64_t untracked_floats_per_token = 0;

  /// The head reads one row of each sequence, chosen by the family's rule.
  bool pooled() const { return head == HeadKind::sequence_classification; }
  /// The network has two inputs: Sequence::ids and decoder_ids.
  bool has_decoder() const { return decoder_layers > 0; }
  /// Position ids are 0 to this - 1.
  std::int64_t position_ids() const { return positions > 0 ? positions : max_positions; }
  /// Numbers in a row of the activation that has this name.
  std::int64_t width(std::string_view tap) const {
    if (tap == "position-embeddings" && position_width > 0) return position_width;
    const bool words = tap == "embeddings" || tap == "position-embeddings";
    return words && word_width > 0 ? word_width : hidden;
  }
};

/// Immutable; may be used from several threads.
class Network {
 public:
  virtual ~Network() = default;
  /// logits: [sequences, outputs] for heads that pool, else [positions read, outputs].
  virtual Variable operator()(const Batch& batch, Tap& tap) const = 0;
  /// Rows of the word-embedding table, [ids, width]: the values at the tap "embeddings".
  virtual Tensor embed(std::span<const std::int32_t> ids) const = 0;
  /// Encoder-decoders: the same of the decoder's table, at the tap "decoder-embeddings".
  virtual Tensor embed_decoder(std::span<const std::int32_t> ids) const;
  /// The position ids of a sequence that gives none.
  virtual std::vector<std::int32_t> positions(std::span<const std::int32_t> ids) const {
    std::vector<std::int32_t> columns(ids.size());
    std::iota(columns.begin(), columns.end(), 0);
    return columns;
  }
  /// logits of batch.reads, where the batch holds only what comes behind the tokens of the caches,
  /// one for each sequence; they take the new tokens up. Only where can_extend().
  virtual Tensor extend(const Batch& batch, std::span<KeyValueCache* const> caches) const;
  /// Encoder-decoders: puts what the decoder looks up in the encoder's outputs into empty caches,
  /// one for each sequence. extend() goes on from there with decoder ids as the batch's ids; copies
  /// of a cache serve several texts of the decoder.
  virtual void encode(const Batch& source, std::span<KeyValueCache* const> caches) const;
  /// The decoder ids of a sequence that gives none; Error where the model has no rule for it.
  virtual std::vector<std::int32_t> decoder_ids(std::span<const std::int32_t> ids) const;
  /// A causal model whose tokens do not depend on what follows, nor on how long the text gets.
  virtual bool can_extend() const { return false; }
  /// Tokens do not depend on what follows.
  virtual bool causal() const { return false; }
  /// Which token's row a head that pools reads; -1: not one alone.
  virtual std::int64_t pooled_position(std::span<const std::int32_t> /*ids*/) const { return 0; }
  const NetworkShape& shape() const { return shape_; }

 protected:
  NetworkShape shape_;
};

/// The head that config.json's "architectures" names. Throws Error for one that is not supported.
HeadKind named_head(const ModelConfig& config);

/// There is a family of graphs for this model type.
bool is_supported(std::string_view model_type);

/// Builds the network that config.json describes, with this head.
/// Throws Error naming a model type, option or tensor that is missing, unknown or of the wrong
/// shape.
std::unique_ptr<const Network> make_network(HeadKind head, const ModelConfig& config,
                                            Checkpoint& checkpoint);

}  // namespace pellucid
