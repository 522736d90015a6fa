// SPDX-License-Identifier: Apache-2.0
// What distinguishes one family of decoders from another, as data: names of weights, sizes, and the
// choices that decoder.cpp puts together. The defaults are LLaMA's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/models/network.h"
#include "pellucid/nn/rope.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/block_norm.h"

namespace pellucid {

/// Names of modules, without ".weight"; those of layers without the layer's own name. An empty
/// name: the family has no such module.
struct DecoderNames {
  /// Of the base model, any or none of them; heads for questions have the older one.
  std::vector<std::string> prefixes{"model.", "transformer."};
  std::string words = "embed_tokens", positions, embedding_norm, project_in, project_out;
  std::string layers = "layers";
  // Norms of what goes into attention and MLP, of what comes out, and of the sum with the residual.
  std::string attention_norm = "input_layernorm", mlp_norm = "post_attention_layernorm";
  std::string attention_output_norm, mlp_output_norm;
  std::string attention_sum_norm, mlp_sum_norm;
  std::string query = "self_attn.q_proj", key = "self_attn.k_proj", value = "self_attn.v_proj";
  std::string fused;  ///< in place of query, key and value
  std::string query_norm, key_norm;
  std::string attention_output = "self_attn.o_proj";
  std::string gate = "mlp.gate_proj", up = "mlp.up_proj", down = "mlp.down_proj";
  std::string router, experts, expert_gate, expert_up, expert_down, shared, shared_gate;
  std::string final_norm = "norm";
  std::string language_head = "lm_head", token_head = "score";
  /// Buffers of older library versions: they may stand in a file and mean nothing.
  std::vector<std::string> buffers{"self_attn.rotary_emb.inv_freq"};
};

struct LayerOptions {
  float scale = 1;          ///< of scores
  std::int64_t window = 0;  ///< a query sees keys less than so many columns back; 0: all
  std::size_t rope = 0;     ///< which of the ropes
  bool sparse = false;      ///< a mixture of experts in place of the MLP
};

enum class QueryKeyNorm {
  none,
  shared,  ///< each head by itself, one gain for all
  own,     ///< each head by itself with a gain of its own, NAME.norms.H, without bias
  whole,   ///< the projections of all heads together
};

/// Attention with linear biases: Press et al. 2021, arXiv 2108.12409
enum class Alibi {
  none,
  exact,    ///< slope (j - i), after scaling
  rounded,  ///< slope and slope j rounded to bfloat16, scaled with the scores (Falcon)
};

struct Experts {
  std::int64_t count = 0, used = 0, intermediate = 0;
  std::int64_t shared_intermediate = 0;  ///< of an expert that all tokens use; 0: none
  bool renormalise = true;
};

struct DecoderOptions {
  DecoderNames names;

  std::int64_t vocabulary = 0, hidden = 0, heads = 0, key_heads = 0, head_width = 0;
  std::int64_t intermediate = 0, max_positions = 0;
  std::int64_t embedding_width = 0;  ///< 0: hidden
  std::vector<LayerOptions> layers;

  /// The embedding module's rows times this; and the rest of the way from there.
  float table_scale = 1, embedding_scale = 1;
  std::int64_t position_offset = 0;  ///< row of position 0 in the table of positions
  bool count_kept = false;           ///< positions skip what a mask hides
  bool bounded = false;              ///< there are no positions beyond max_positions

  NormKind norm = NormKind::rms;
  float epsilon = 1e-6F;
  float gain_offset = 0;  ///< 1: gains are stored less 1
  bool norm_bias = false;
  bool norm_affine = true;

  bool parallel = false;          ///< attention and MLP both from the layer's input
  bool normed_residual = false;   ///< the residual is what has gone through the norm
  std::int64_t fused_groups = 1;  ///< of fused projections: each (queries, keys, values)
  bool transposed = false;        ///< matrices of layers are stored [in, out]
  bool qkv_bias = false, attention_bias = false, mlp_bias = false, head_bias = false;
  QueryKeyNorm query_key_norm = QueryKeyNorm::none;
  std::vector<Rope> ropes;  ///< empty: no rotary embedding
  bool interleaved = false;
  Alibi alibi = Alibi::none;
  float score_cap = 0, logit_cap = 0;

  Activation activation = Activation::silu;
  Experts experts;

  bool tied = false;
  std::optional<std::int64_t> pad_id;
};

/// The decoder that the options describe, with a head.
std::unique_ptr<const Network> make_decoder(HeadKind head, const DecoderOptions& options,
                                            std::int64_t labels, Checkpoint& checkpoint);

}  // namespace pellucid
