// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/t5.h"

#include <cmath>
#include <string>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/models/decoder_config.h"
#include "pellucid/models/seq2seq_options.h"
#include "pellucid/nn/options.h"

namespace pellucid {
namespace {

struct FeedForward {
  Activation activation = Activation::relu;
  bool gated = false;
};

/// "relu", "gated-gelu" ...; the parts of it, where a file also has them, have the last word.
FeedForward feed_forward(const DecoderConfig& reader, bool is_mt5) {
  const JsonObject& fields = reader.fields();
  std::string text =
      fields.optional_text("feed_forward_proj").value_or(is_mt5 ? "gated-gelu" : "relu");
  FeedForward result;
  const std::string_view prefix = "gated-";
  result.gated = text.starts_with(prefix);
  std::string name = result.gated ? text.substr(prefix.size()) : text;
  if (text == "gated-gelu") name = "gelu_new";
  const auto activation = parse_activation(name);
  if (!activation) {
    fields.refuse("feed_forward_proj", "the name of an activation function, or \"gated-\" and one");
  }
  result.activation = *activation;
  if (fields.has("dense_act_fn")) result.activation = read_activation(fields, "dense_act_fn");
  result.gated = reader.flag("is_gated_act", result.gated);
  return result;
}

/// mlp: the number of the MLP among the parts of a layer
StackOptions stack(const std::string& name, const std::string& mlp, bool gated) {
  StackOptions options{.name = name};
  options.layer_list = "block";
  options.attention = "layer.0.SelfAttention";
  options.attention_norm = "layer.0.layer_norm";
  options.cross = "layer.1.EncDecAttention";
  options.cross_norm = "layer.1.layer_norm";
  options.query = "q";
  options.key = "k";
  options.value = "v";
  options.output = "o";
  const std::string dense = "layer." + mlp + ".DenseReluDense.";
  if (gated) options.gate = dense + "wi_0";
  options.up = dense + (gated ? "wi_1" : "wi");
  options.down = dense + "wo";
  options.mlp_norm = "layer." + mlp + ".layer_norm";
  options.final_norm = "final_layer_norm";
  return options;
}

/// No 1 / sqrt(d) in attention, no biases but those by distance.
void set_family(Seq2SeqOptions& options) {
  options.prefix = "transformer.";
  options.places = PlaceTable::none;
  options.norm = NormKind::rms;
  options.biases = false;
  options.pre_norm = true;
  options.scaled_scores = false;
  options.logits_bias = false;
}

void read_sizes(const DecoderConfig& reader, bool is_mt5, Seq2SeqOptions& options) {
  options.hidden = reader.size("d_model", 512);
  options.vocabulary = reader.size("vocab_size", is_mt5 ? 250112 : 32128, kMaxVocabulary);
  options.decoder_vocabulary = options.vocabulary;
  options.max_positions = reader.size("n_positions", 512, kMaxVocabulary);
  options.encoder.layers = reader.size("num_layers", is_mt5 ? 8 : 6, kMaxLayers);
  options.decoder.layers = reader.size("num_decoder_layers", options.encoder.layers, kMaxLayers);
  for (StackOptions* stack : {&options.encoder, &options.decoder}) {
    stack->heads = reader.size("num_heads", is_mt5 ? 6 : 8);
    stack->head_width = reader.size("d_kv", 64);
    stack->intermediate = reader.size("d_ff", is_mt5 ? 1024 : 2048);
  }
  const JsonObject& fields = reader.fields();
  options.epsilon =
      static_cast<float>(fields.optional_number("layer_norm_epsilon", 0, 1).value_or(1e-6));
  // Fewer buckets, or less distance, and the formula divides by zero.
  options.buckets =
      fields.optional_integer("relative_attention_num_buckets", 4, kMaxWidth).value_or(32);
  options.farthest = fields
                         .optional_integer("relative_attention_max_distance",
                                           options.buckets / 2 + 1, kMaxVocabulary)
                         .value_or(128);
}

}  // namespace

std::unique_ptr<const Network> make_t5(HeadKind head, const ModelConfig& config,
                                       Checkpoint& checkpoint) {
  const bool is_mt5 = config.model_type == "mt5";
  const DecoderConfig reader(config);
  require_false(config.fields, {"tie_encoder_decoder", "is_decoder"});
  config.fields.ignore({"dropout_rate", "is_encoder_decoder", "output_past", "num_hidden_layers",
                        "add_cross_attention"});
  const FeedForward mlp = feed_forward(reader, is_mt5);
  Seq2SeqOptions options;
  set_family(options);
  options.encoder = stack("encoder", "1", mlp.gated);
  options.decoder = stack("decoder", "2", mlp.gated);
  options.activation = mlp.activation;
  read_sizes(reader, is_mt5, options);
  options.tied = reader.flag("tie_word_embeddings", !is_mt5);
  if (options.tied) {
    options.head_scale = static_cast<float>(1 / std::sqrt(static_cast<double>(options.hidden)));
  }
  const bool bare_encoder =
      !config.architectures.empty() && config.architectures.front().ends_with("EncoderModel");
  options.has_decoder =
      head != HeadKind::token_classification && !(head == HeadKind::none && bare_encoder);
  if (head == HeadKind::sequence_classification || head == HeadKind::question_answering) {
    options.decoder_ids = DecoderIds::shifted;
  }
  options.labels = config.num_labels();
  options.pad_id = config.pad_token_id.value_or(0);
  options.start_id = config.decoder_start_token_id;
  if (is_mt5 && !options.start_id) options.start_id = 0;
  options.bos_id = config.bos_token_id;
  options.end_id = config.eos_token_ids.empty() ? 1 : config.eos_token_ids.front();
  return make_seq2seq(head, options, checkpoint);
}

}  // namespace pellucid
