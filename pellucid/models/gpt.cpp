// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/gpt.h"

#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/models/decoder_config.h"
#include "pellucid/nn/options.h"

namespace pellucid {
namespace {

DecoderNames gpt_names() {
  DecoderNames names;
  names.prefixes = {"transformer."};
  names.words = "wte";
  names.positions = "wpe";
  names.layers = "h";
  names.attention_norm = "ln_1";
  names.mlp_norm = "ln_2";
  names.gate = "";
  names.up = "mlp.c_fc";
  names.down = "mlp.c_proj";
  names.final_norm = "ln_f";
  names.token_head = "classifier";
  return names;
}

}  // namespace

DecoderOptions read_gpt2(const DecoderConfig& reader) {
  DecoderOptions options =
      reader.options({"n_embd", "n_layer", "n_head", "n_positions"}, 1024, true);
  options.names = gpt_names();
  options.names.fused = "attn.c_attn";
  options.names.attention_output = "attn.c_proj";
  options.names.buffers = {"attn.bias", "attn.masked_bias"};
  options.transposed = true;
  options.bounded = true;
  options.qkv_bias = options.attention_bias = options.mlp_bias = true;
  options.intermediate = reader.size("n_inner", 4 * options.hidden);
  options.activation = reader.activation("activation_function", "gelu_new");
  reader.norms(options, NormKind::layer, "layer_norm_epsilon", 1e-5);
  const bool scaled = reader.flag("scale_attn_weights", true);
  const bool by_layer = reader.flag("scale_attn_by_inverse_layer_idx", false);
  float number = 1;
  for (LayerOptions& layer : options.layers) {
    if (!scaled) layer.scale = 1;
    if (by_layer) layer.scale /= number++;
  }
  // The summary options belong to a head that is not supported; the other changes rounding only.
  reader.fields().ignore({"reorder_and_upcast_attn", "summary_type", "summary_use_proj",
                          "summary_activation", "summary_proj_to_labels", "summary_first_dropout",
                          "n_ctx"});
  return options;
}

namespace {

/// [[["global", "local"], 12]] -> which layers have a window
std::vector<bool> local_layers(const DecoderConfig& reader, std::size_t layers) {
  std::vector<bool> result;
  const nlohmann::ordered_json* types = reader.fields().value("attention_types");
  constexpr auto kExpected = R"([[["global", "local"], TIMES], ...] for all layers)";
  const auto refuse = [&] { reader.fields().refuse("attention_types", kExpected); };
  if (types == nullptr || types->is_null()) {
    for (std::size_t i = 0; i < layers; ++i) result.push_back(i % 2 == 1);
    return result;
  }
  if (!types->is_array()) refuse();
  for (const auto& entry : *types) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_array() ||
        !entry[1].is_number_unsigned() || entry[1].get<std::uint64_t>() > layers) {
      refuse();
    }
    for (std::uint64_t i = 0; i < entry[1].get<std::uint64_t>(); ++i) {
      for (const auto& type : entry[0]) {
        if (type != "global" && type != "local") refuse();
        result.push_back(type == "local");
      }
    }
  }
  if (result.size() != layers) refuse();
  return result;
}

}  // namespace

DecoderOptions read_gpt_neo(const DecoderConfig& reader) {
  DecoderOptions options = reader.options({"hidden_size", "num_layers", "num_heads"}, 2048, true);
  options.names = gpt_names();
  options.names.query = "attn.attention.q_proj";
  options.names.key = "attn.attention.k_proj";
  options.names.value = "attn.attention.v_proj";
  options.names.attention_output = "attn.attention.out_proj";
  options.names.buffers = {"attn.attention.bias", "attn.attention.masked_bias"};
  options.bounded = true;
  options.attention_bias = options.mlp_bias = true;
  options.intermediate = reader.size("intermediate_size", 4 * options.hidden);
  options.activation = reader.activation("activation_function", "gelu_new");
  reader.norms(options, NormKind::layer, "layer_norm_epsilon", 1e-5);
  const std::int64_t window = reader.size("window_size", 256, kMaxVocabulary);
  const std::vector<bool> local = local_layers(reader, options.layers.size());
  for (std::size_t i = 0; i < options.layers.size(); ++i) {
    options.layers[i].scale = 1;
    options.layers[i].window = local[i] ? window : 0;
  }
  reader.fields().ignore({"attention_layers"});  // attention_types once more
  return options;
}

DecoderOptions read_opt(const DecoderConfig& reader) {
  DecoderOptions options = reader.options({}, 2048, true);
  DecoderNames& names = options.names;
  const bool before = reader.flag("do_layer_norm_before", true);
  names.prefixes = {"decoder.", "model.decoder."};
  names.positions = "embed_positions";
  names.project_in = "project_in";
  names.project_out = "project_out";
  (before ? names.attention_norm : names.attention_sum_norm) = "self_attn_layer_norm";
  (before ? names.mlp_norm : names.mlp_sum_norm) = "final_layer_norm";
  if (!before) names.attention_norm = names.mlp_norm = "";
  names.attention_output = "self_attn.out_proj";
  names.gate = "";
  names.up = "fc1";
  names.down = "fc2";
  names.final_norm =
      before && !reader.flag("_remove_final_layer_norm", false) ? "final_layer_norm" : "";
  options.bounded = options.count_kept = true;
  options.position_offset = 2;
  options.embedding_width = reader.size("word_embed_proj_dim", options.hidden);
  options.qkv_bias = options.attention_bias = options.mlp_bias = reader.flag("enable_bias", true);
  options.intermediate = reader.size("ffn_dim", 3072);
  options.activation = reader.activation("activation_function", "relu");
  options.norm = NormKind::layer;
  options.epsilon = 1e-5F;
  options.norm_affine = options.norm_bias = reader.flag("layer_norm_elementwise_affine", true);
  reader.fields().ignore({"layerdrop", "init_std"});
  return options;
}

DecoderOptions read_bloom(const DecoderConfig& reader) {
  // Files of the first models call the width n_embed.
  const bool old = !reader.fields().has("hidden_size") && reader.fields().has("n_embed");
  DecoderOptions options = reader.options(
      {old ? "n_embed" : "hidden_size", "n_layer", "n_head", "seq_length"}, kMaxVocabulary, true);
  DecoderNames& names = options.names;
  names = gpt_names();
  names.words = "word_embeddings";
  names.positions = "";
  names.embedding_norm = "word_embeddings_layernorm";
  names.attention_norm = "input_layernorm";
  names.mlp_norm = "post_attention_layernorm";
  names.fused = "self_attention.query_key_value";
  names.attention_output = "self_attention.dense";
  names.up = "mlp.dense_h_to_4h";
  names.down = "mlp.dense_4h_to_h";
  options.fused_groups = options.heads;
  options.alibi = Alibi::exact;
  options.qkv_bias = options.attention_bias = options.mlp_bias = true;
  options.intermediate = 4 * options.hidden;
  options.activation = Activation::gelu_tanh;
  options.normed_residual = reader.flag("apply_residual_connection_post_layernorm", false);
  reader.norms(options, NormKind::layer, "layer_norm_epsilon", 1e-5);
  // These change rounding and memory only.
  reader.fields().ignore({"slow_but_exact", "n_embed", "skip_bias_add", "skip_bias_add_qkv",
                          "masked_softmax_fusion", "attention_softmax_in_fp32",
                          "bias_dropout_fusion", "unk_token_id", "offset_alibi"});
  return options;
}

}  // namespace pellucid
