// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/llama.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/models/decoder_config.h"
#include "pellucid/nn/options.h"

namespace pellucid {
namespace {

/// What a family gives to options that a file leaves out, and what it changes.
struct LlamaFamily {
  std::string_view model_type;
  double epsilon, theta;
  std::int64_t key_heads;   ///< 0: as many as heads
  std::int64_t head_width;  ///< 0: hidden / heads
  std::int64_t positions;
  bool tied;
  void (*adjust)(const DecoderConfig& reader, DecoderOptions& options);
  double rotated = 1;  ///< the share of a head that turns
  std::string_view activation_key = "hidden_act", activation = "silu";
  std::string_view epsilon_key = "rms_norm_eps";
  NormKind norm = NormKind::rms;
};

void set_window(DecoderOptions& options, std::int64_t window) {
  for (LayerOptions& layer : options.layers) layer.window = window;
}

/// 0: null.
std::int64_t window_or(const DecoderConfig& reader, std::int64_t usual) {
  if (reader.is_null("sliding_window")) return 0;
  return reader.size("sliding_window", usual == 0 ? kMaxVocabulary : usual, kMaxVocabulary);
}

/// Which layers have a window: "layer_types", else the family's rule.
template <class Rule>
std::vector<bool> windowed_layers(const DecoderConfig& reader, const DecoderOptions& options,
                                  const Rule& rule) {
  std::vector<bool> result;
  const auto types = reader.fields().optional_texts("layer_types");
  for (std::size_t i = 0; i < options.layers.size(); ++i) {
    if (!types) {
      result.push_back(rule(static_cast<std::int64_t>(i)));
      continue;
    }
    const bool known = types->size() == options.layers.size() &&
                       ((*types)[i] == "sliding_attention" || (*types)[i] == "full_attention");
    if (!known) {
      reader.fields().refuse("layer_types",
                             "\"full_attention\" or \"sliding_attention\" for each layer");
    }
    result.push_back((*types)[i] == "sliding_attention");
  }
  return result;
}

void adjust_llama(const DecoderConfig& reader, DecoderOptions& options) {
  options.qkv_bias = options.attention_bias = reader.flag("attention_bias", false);
  options.mlp_bias = reader.flag("mlp_bias", false);
}

void adjust_mistral(const DecoderConfig& reader, DecoderOptions& options) {
  set_window(options, window_or(reader, 4096));
}

void adjust_windows_of_qwen(const DecoderConfig& reader, DecoderOptions& options) {
  const bool used = reader.flag("use_sliding_window", false);
  const std::int64_t window = used ? window_or(reader, 4096) : 0;
  const std::int64_t from =
      reader.fields().optional_integer("max_window_layers", 0, kMaxLayers).value_or(28);
  const auto local = windowed_layers(
      reader, options, [&](std::int64_t layer) { return window > 0 && layer >= from; });
  for (std::size_t i = 0; i < options.layers.size(); ++i) {
    check(!local[i] || window > 0,
          "{}: \"layer_types\" has sliding attention, but there is no \"sliding_window\"",
          reader.fields().name());
    options.layers[i].window = local[i] ? window : 0;
  }
  reader.fields().ignore({"sliding_window"});
}

void adjust_qwen2(const DecoderConfig& reader, DecoderOptions& options) {
  options.qkv_bias = true;
  adjust_windows_of_qwen(reader, options);
}

void adjust_qwen3(const DecoderConfig& reader, DecoderOptions& options) {
  options.qkv_bias = options.attention_bias = reader.flag("attention_bias", false);
  options.query_key_norm = QueryKeyNorm::shared;
  options.names.query_norm = "self_attn.q_norm";
  options.names.key_norm = "self_attn.k_norm";
  adjust_windows_of_qwen(reader, options);
}

void adjust_gemma(const DecoderConfig& reader, DecoderOptions& options) {
  options.qkv_bias = options.attention_bias = reader.flag("attention_bias", false);
  options.gain_offset = 1;
  options.embedding_scale = static_cast<float>(std::sqrt(static_cast<double>(options.hidden)));
  if (reader.config().model_type == "gemma") {
    reader.fields().ignore({"hidden_activation"});  // the library reads hidden_act alone
  }
}

/// Norms before and after both parts, a scale of its own, and windows in some layers.
template <class Rule>
void adjust_later_gemma(const DecoderConfig& reader, DecoderOptions& options, const Rule& local) {
  adjust_gemma(reader, options);
  options.names.mlp_norm = "pre_feedforward_layernorm";
  options.names.attention_output_norm = "post_attention_layernorm";
  options.names.mlp_output_norm = "post_feedforward_layernorm";
  const double scalar =
      reader.fields().optional_number("query_pre_attn_scalar", 1e-6, 1e9).value_or(256);
  const std::int64_t window = window_or(reader, 4096);
  const std::vector<bool> windowed = windowed_layers(reader, options, local);
  for (std::size_t i = 0; i < options.layers.size(); ++i) {
    options.layers[i].scale = static_cast<float>(1 / std::sqrt(scalar));
    options.layers[i].window = windowed[i] ? window : 0;
  }
}

float cap(const DecoderConfig& reader, std::string_view key, double usual) {
  if (reader.is_null(key)) return 0;
  return static_cast<float>(reader.fields().optional_number(key, 1e-6, 1e9).value_or(usual));
}

void adjust_gemma2(const DecoderConfig& reader, DecoderOptions& options) {
  adjust_later_gemma(reader, options, [](std::int64_t layer) { return layer % 2 == 0; });
  options.score_cap = cap(reader, "attn_logit_softcapping", 50);
  options.logit_cap = cap(reader, "final_logit_softcapping", 30);
  reader.fields().ignore({"hidden_act"});
}

void adjust_gemma3(const DecoderConfig& reader, DecoderOptions& options) {
  require_false(reader.fields(), {"use_bidirectional_attention"});
  const std::int64_t pattern = reader.size("sliding_window_pattern", 6);
  adjust_later_gemma(reader, options,
                     [&](std::int64_t layer) { return (layer + 1) % pattern != 0; });
  options.logit_cap = cap(reader, "final_logit_softcapping", 0);
  options.table_scale = std::exchange(options.embedding_scale, 1);
  options.query_key_norm = QueryKeyNorm::shared;
  options.names.query_norm = "self_attn.q_norm";
  options.names.key_norm = "self_attn.k_norm";
  // Layers with a window turn by frequencies of their own, never scaled.
  options.ropes.emplace_back(RopeOptions{reader.number("rope_local_base_freq", 10000),
                                         options.head_width, options.max_positions});
  for (LayerOptions& layer : options.layers) layer.rope = layer.window > 0 ? 1 : 0;
  // The library carries a cap of scores from Gemma 2 along and does not apply it.
  if (!reader.fields().has("attn_logit_softcapping")) {
    reader.fields().ignore({"attn_logit_softcapping"});
  }
  reader.fields().ignore({"_sliding_window_pattern", "hidden_act"});
}

void adjust_phi3(const DecoderConfig& reader, DecoderOptions& options) {
  options.names.fused = "self_attn.qkv_proj";
  options.names.gate = "mlp.gate_up_proj";
  options.names.up = "";
  set_window(options, reader.fields().has("sliding_window") ? window_or(reader, 0) : 0);
  reader.fields().ignore({"original_max_position_embeddings", "sliding_window"});
}

void adjust_stablelm(const DecoderConfig& reader, DecoderOptions& options) {
  options.qkv_bias = reader.flag("use_qkv_bias", false);
  options.parallel = reader.flag("use_parallel_residual", false);
  if (options.parallel) options.names.mlp_norm = "";
  if (!reader.flag("qk_layernorm", false)) return;
  options.query_key_norm = QueryKeyNorm::own;
  options.names.query_norm = "self_attn.q_layernorm";
  options.names.key_norm = "self_attn.k_layernorm";
}

void adjust_olmo2(const DecoderConfig& reader, DecoderOptions& options) {
  options.qkv_bias = options.attention_bias = reader.flag("attention_bias", false);
  options.query_key_norm = QueryKeyNorm::whole;
  options.names.query_norm = "self_attn.q_norm";
  options.names.key_norm = "self_attn.k_norm";
  options.names.attention_norm = options.names.mlp_norm = "";
  options.names.attention_output_norm = "post_attention_layernorm";
  options.names.mlp_output_norm = "post_feedforward_layernorm";
}

void adjust_mixtral(const DecoderConfig& reader, DecoderOptions& options) {
  set_window(options, reader.fields().has("sliding_window") ? window_or(reader, 0) : 0);
  options.names.router = "block_sparse_moe.gate";
  options.names.experts = "block_sparse_moe.experts";
  options.names.expert_gate = "w1";
  options.names.expert_up = "w3";
  options.names.expert_down = "w2";
  options.experts = {reader.size("num_local_experts", 8), reader.size("num_experts_per_tok", 2),
                     options.intermediate, 0, true};
  for (LayerOptions& layer : options.layers) layer.sparse = true;
  reader.fields().ignore(
      {"output_router_logits", "router_aux_loss_coef", "router_jitter_noise", "sliding_window"});
}

void adjust_qwen2_moe(const DecoderConfig& reader, DecoderOptions& options) {
  options.qkv_bias = reader.flag("qkv_bias", true);
  if (reader.flag("use_sliding_window", false)) set_window(options, window_or(reader, 4096));
  options.names.router = "mlp.gate";
  options.names.experts = "mlp.experts";
  options.names.expert_gate = "gate_proj";
  options.names.expert_up = "up_proj";
  options.names.expert_down = "down_proj";
  options.names.shared = "mlp.shared_expert";
  options.names.shared_gate = "mlp.shared_expert_gate";
  options.experts = {
      reader.fields().optional_integer("num_experts", 0, kMaxWidth).value_or(60),
      reader.size("num_experts_per_tok", 4), reader.size("moe_intermediate_size", 1408),
      reader.size("shared_expert_intermediate_size", 5632), reader.flag("norm_topk_prob", false)};
  const std::int64_t step = reader.size("decoder_sparse_step", 1);
  const auto plain = reader.fields()
                         .optional_integers("mlp_only_layers", 0, kMaxLayers)
                         .value_or(std::vector<std::int64_t>{});
  for (std::int64_t i = 0; i < std::ssize(options.layers); ++i) {
    options.layers[std::size_t(i)].sparse = options.experts.count > 0 && (i + 1) % step == 0 &&
                                            std::find(plain.begin(), plain.end(), i) == plain.end();
  }
  reader.fields().ignore(
      {"output_router_logits", "router_aux_loss_coef", "max_window_layers", "sliding_window"});
}

constexpr std::string_view kTanh = "gelu_pytorch_tanh";

const std::array kFamilies{
    LlamaFamily{"llama", 1e-6, 1e4, 0, 0, 2048, false, adjust_llama},
    LlamaFamily{"mistral", 1e-6, 1e4, 8, 0, 131072, false, adjust_mistral},
    LlamaFamily{"mixtral", 1e-5, 1e6, 8, 0, 131072, false, adjust_mixtral},
    LlamaFamily{"qwen2", 1e-6, 1e4, 32, 0, 32768, false, adjust_qwen2},
    LlamaFamily{"qwen2_moe", 1e-6, 1e4, 16, 0, 32768, false, adjust_qwen2_moe},
    LlamaFamily{"qwen3", 1e-6, 1e4, 32, 128, 32768, false, adjust_qwen3},
    LlamaFamily{"gemma", 1e-6, 1e4, 16, 256, 8192, true, adjust_gemma, 1, "hidden_act", kTanh},
    LlamaFamily{"gemma2", 1e-6, 1e4, 4, 256, 8192, true, adjust_gemma2, 1, "hidden_activation",
                kTanh},
    LlamaFamily{"gemma3_text", 1e-6, 1e6, 4, 256, 131072, true, adjust_gemma3, 1,
                "hidden_activation", kTanh},
    LlamaFamily{"phi3", 1e-5, 1e4, 0, 0, 4096, false, adjust_phi3},
    LlamaFamily{"stablelm", 1e-5, 1e4, 32, 0, 4096, false, adjust_stablelm, 0.25, "hidden_act",
                "silu", "layer_norm_eps", NormKind::layer},
    LlamaFamily{"olmo2", 1e-5, 1e4, 0, 0, 2048, false, adjust_olmo2},
};

}  // namespace

DecoderOptions read_llama(const DecoderConfig& reader) {
  const LlamaFamily& family = *std::find_if(
      kFamilies.begin(), kFamilies.end(),
      [&](const LlamaFamily& known) { return known.model_type == reader.config().model_type; });
  DecoderOptions options = reader.options({}, family.positions, family.tied);
  options.intermediate = reader.config().size("intermediate_size");
  options.activation = reader.activation(family.activation_key, family.activation);
  reader.norms(options, family.norm, family.epsilon_key, family.epsilon);
  reader.key_heads(options, "num_key_value_heads",
                   family.key_heads > 0 ? family.key_heads : options.heads);
  const bool cut =
      !reader.is_null("head_dim") && (reader.fields().has("head_dim") || family.head_width > 0);
  if (cut) reader.head_width(options, reader.size("head_dim", family.head_width));
  check(options.head_width > 0, "{}: the width {} cannot be cut into {} heads",
        reader.fields().name(), options.hidden, options.heads);
  const bool phi3 = family.model_type == "phi3", stablelm = family.model_type == "stablelm";
  const double rotated =
      phi3 || stablelm ? reader.number("partial_rotary_factor", family.rotated) : family.rotated;
  const std::vector<std::string> scalings =
      phi3 ? std::vector<std::string>{"longrope"} : std::vector<std::string>{};
  reader.rope(options, reader.number("rope_theta", family.theta), rotated, scalings);
  family.adjust(reader, options);
  return options;
}

}  // namespace pellucid
