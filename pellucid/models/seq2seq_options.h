// SPDX-License-Identifier: Apache-2.0
// What distinguishes one family of encoder-decoders from another, as data: names of weights, sizes,
// and the choices that seq2seq.cpp puts together. The defaults are BART's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/models/network.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/block_norm.h"

namespace pellucid {

/// The encoder or the decoder. Names of modules without ".weight", those of a layer without the
/// layer's own name.
struct StackOptions {
  std::string name;  ///< "encoder" or "decoder"
  std::int64_t layers = 0, heads = 0, head_width = 0, intermediate = 0;

  std::string layer_list = "layers";
  std::string attention = "self_attn", attention_norm = "self_attn_layer_norm";
  std::string cross = "encoder_attn", cross_norm = "encoder_attn_layer_norm";
  std::string query = "q_proj", key = "k_proj", value = "v_proj", output = "out_proj";
  std::string gate = {}, up = "fc1", down = "fc2", mlp_norm = "final_layer_norm";
  std::string final_norm = "layer_norm";
};

enum class PlaceTable {
  none,
  learned,
  sinusoidal,  ///< stored or made: sines, then cosines.  Vaswani et al. 2017, arXiv 1706.03762
};

/// Of the decoder ids that a sequence does not give.
enum class DecoderIds {
  none,
  shifted,    ///< the input's, moved right behind the start token
  last_first  ///< the same behind the input's last token that is no padding (mBART's language)
};

struct Seq2SeqOptions {
  std::string prefix = "model.";
  std::int64_t vocabulary = 0, decoder_vocabulary = 0, hidden = 0, max_positions = 0;
  StackOptions encoder{.name = "encoder"}, decoder{.name = "decoder"};
  bool has_decoder = true;
  /// Both stacks look words up in one table, called "shared"; else each may have its own.
  bool shared_words = true;
  /// The embedding module's rows times this; and the rest of the way from there.
  float table_scale = 1, embedding_scale = 1;
  PlaceTable places = PlaceTable::learned;
  std::int64_t place_offset = 0;  ///< row of position 0 in a learned table
  bool embedding_norm = false;

  NormKind norm = NormKind::layer;
  float epsilon = 1e-5F;
  bool biases = true;                      ///< of projections and norms
  bool pre_norm = false;                   ///< and a norm behind the last layer
  bool scaled_scores = true;               ///< by 1 / sqrt(head width)
  std::int64_t buckets = 0, farthest = 0;  ///< of distances; 0: no biases by distance
  Activation activation = Activation::gelu;

  bool tied = true;         ///< the language head is the decoder's table of words
  float head_scale = 1;     ///< of what goes into the language head
  bool logits_bias = true;  ///< "final_logits_bias" may be added to its logits

  std::int64_t labels = 0;
  std::optional<std::int64_t> pad_id, end_id;
  std::optional<std::int64_t> start_id, bos_id;  ///< generation begins with the first that is known
  DecoderIds decoder_ids = DecoderIds::none;
};

/// The network that the options describe, with a head.
std::unique_ptr<const Network> make_seq2seq(HeadKind head, const Seq2SeqOptions& options,
                                            Checkpoint& checkpoint);

}  // namespace pellucid
