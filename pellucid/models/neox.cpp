// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/neox.h"

#include "pellucid/base/error.h"
#include "pellucid/models/decoder_config.h"
#include "pellucid/nn/options.h"

namespace pellucid {

DecoderOptions read_gpt_neox(const DecoderConfig& reader) {
  DecoderOptions options = reader.options({}, 2048, false);
  DecoderNames& names = options.names;
  names.prefixes = {"gpt_neox."};
  names.words = "embed_in";
  names.fused = "attention.query_key_value";
  names.attention_output = "attention.dense";
  names.gate = "";
  names.up = "mlp.dense_h_to_4h";
  names.down = "mlp.dense_4h_to_h";
  names.final_norm = "final_layer_norm";
  names.language_head = "embed_out";
  names.token_head = "classifier";
  names.buffers = {"attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq"};
  options.fused_groups = options.heads;
  options.parallel = reader.flag("use_parallel_residual", true);
  options.qkv_bias = options.attention_bias = reader.flag("attention_bias", true);
  options.mlp_bias = true;
  options.intermediate = reader.size("intermediate_size", 24576);
  options.activation = reader.activation("hidden_act", "gelu");
  reader.norms(options, NormKind::layer, "layer_norm_eps", 1e-5);
  reader.rope(options, reader.number("rotary_emb_base", 10000), reader.number("rotary_pct", 0.25));
  // Copies that the library writes and does not read.
  reader.fields().ignore({"rope_theta", "partial_rotary_factor"});
  return options;
}

DecoderOptions read_gptj(const DecoderConfig& reader) {
  DecoderOptions options =
      reader.options({"n_embd", "n_layer", "n_head", "n_positions"}, 2048, false);
  DecoderNames& names = options.names;
  names.prefixes = {"transformer."};
  names.words = "wte";
  names.layers = "h";
  names.attention_norm = "ln_1";
  names.mlp_norm = "";
  names.query = "attn.q_proj";
  names.key = "attn.k_proj";
  names.value = "attn.v_proj";
  names.attention_output = "attn.out_proj";
  names.gate = "";
  names.up = "mlp.fc_in";
  names.down = "mlp.fc_out";
  names.final_norm = "ln_f";
  names.buffers = {"attn.bias", "attn.masked_bias", "attn.embed_positions"};
  options.bounded = true;  // the library has a table of angles
  options.parallel = true;
  options.mlp_bias = options.head_bias = true;
  options.intermediate = reader.size("n_inner", 4 * options.hidden);
  options.activation = reader.activation("activation_function", "gelu_new");
  reader.norms(options, NormKind::layer, "layer_norm_epsilon", 1e-5);
  if (reader.is_null("rotary_dim")) reader.fields().refuse("rotary_dim", "a number");
  const std::int64_t dimensions = reader.size("rotary_dim", 64, options.head_width);
  options.ropes = {Rope({10000, dimensions, options.max_positions})};
  check(dimensions % 2 == 0 && dimensions <= options.head_width,
        "{}: \"rotary_dim\" is {}, expected an even number up to {}", reader.fields().name(),
        dimensions, options.head_width);
  options.interleaved = true;
  reader.fields().ignore({"summary_type", "summary_use_proj", "summary_activation",
                          "summary_proj_to_labels", "summary_first_dropout", "rotary",
                          "scale_attn_weights", "n_ctx"});
  return options;
}

DecoderOptions read_phi(const DecoderConfig& reader) {
  DecoderOptions options = reader.options({}, 2048, false);
  DecoderNames& names = options.names;
  names.mlp_norm = "";
  names.query_norm = "self_attn.q_layernorm";
  names.key_norm = "self_attn.k_layernorm";
  names.attention_output = "self_attn.dense";
  names.gate = "";
  names.up = "mlp.fc1";
  names.down = "mlp.fc2";
  names.final_norm = "final_layernorm";
  options.parallel = true;
  options.qkv_bias = options.attention_bias = options.mlp_bias = options.head_bias = true;
  options.intermediate = reader.size("intermediate_size", 8192);
  options.activation = reader.activation("hidden_act", "gelu_new");
  reader.norms(options, NormKind::layer, "layer_norm_eps", 1e-5);
  reader.key_heads(options, "num_key_value_heads", options.heads);
  if (reader.flag("qk_layernorm", false)) options.query_key_norm = QueryKeyNorm::shared;
  reader.rope(options, reader.number("rope_theta", 10000),
              reader.number("partial_rotary_factor", 0.5));
  return options;
}

namespace {

/// Where keys are, and how they share the fused projection, differs between the first models (one
/// key head), the later ones (groups) and those with linear biases (as many as heads).
void read_falcon_heads(const DecoderConfig& reader, bool later, DecoderOptions& options) {
  const bool single = reader.flag("multi_query", true) && !later;
  reader.key_heads(options, "num_kv_heads", options.heads);
  if (single) options.key_heads = 1;
  check(later || single || options.key_heads == options.heads,
        "{}: \"num_kv_heads\" is {} for {} heads, which needs \"new_decoder_architecture\"",
        reader.fields().name(), options.key_heads, options.heads);
  options.fused_groups = options.key_heads;
}

}  // namespace

DecoderOptions read_falcon(const DecoderConfig& reader) {
  const bool old = reader.fields().has("n_embed");
  DecoderOptions options = reader.options({old ? "n_embed" : "hidden_size"}, 2048, true);
  if (old) reader.fields().ignore({"hidden_size"});
  const bool later = reader.flag("new_decoder_architecture", false);
  options.parallel = reader.flag("parallel_attn", true);
  const std::int64_t norms =
      reader.fields().optional_integer("num_ln_in_parallel_attn", 1, 2).value_or(later ? 2 : 1);
  if (later && !options.parallel) {
    reader.fields().refuse("parallel_attn", "true with \"new_decoder_architecture\"");
  }
  if (!later && options.parallel && norms == 2) {
    reader.fields().refuse("num_ln_in_parallel_attn", "1 without \"new_decoder_architecture\"");
  }
  DecoderNames& names = options.names;
  const bool two = later && norms == 2;
  names.prefixes = {"transformer."};
  names.words = "word_embeddings";
  names.layers = "h";
  names.attention_norm = two ? "ln_attn" : "input_layernorm";
  names.mlp_norm = two ? "ln_mlp" : options.parallel ? "" : "post_attention_layernorm";
  names.fused = "self_attention.query_key_value";
  names.attention_output = "self_attention.dense";
  names.gate = "";
  names.up = "mlp.dense_h_to_4h";
  names.down = "mlp.dense_4h_to_h";
  names.final_norm = "ln_f";
  names.token_head = "classifier";
  names.buffers = {"self_attention.maybe_rotary.inv_freq", "self_attention.rotary_emb.inv_freq"};
  read_falcon_heads(reader, later, options);
  options.qkv_bias = options.attention_bias = options.mlp_bias = reader.flag("bias", false);
  options.intermediate = reader.size("ffn_hidden_size", 4 * options.hidden);
  options.activation = reader.activation("activation", "gelu");
  reader.norms(options, NormKind::layer, "layer_norm_epsilon", 1e-5);
  if (reader.flag("alibi", false)) {
    options.alibi = Alibi::rounded;
    reader.fields().ignore({"rope_theta", "rope_scaling"});
  } else {
    reader.rope(options, reader.number("rope_theta", 10000), 1);
  }
  return options;
}

}  // namespace pellucid
