// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/bert_config.h"

#include "pellucid/base/error.h"
#include "pellucid/nn/options.h"

namespace pellucid {
namespace {

/// The name that all models have in common counts where both are there, as in the library.
std::string_view key_of(const JsonObject& fields, std::string_view own, std::string_view common) {
  return fields.has(common) ? common : own;
}

void read_sizes(const ModelConfig& config, const BertVariant& variant, BertConfig& bert) {
  const JsonObject& fields = config.fields;
  const auto hidden_key = key_of(fields, variant.keys.hidden, "hidden_size");
  bert.vocabulary = config.size("vocab_size", kMaxVocabulary);
  bert.hidden = config.size(hidden_key);
  bert.layers = config.size(key_of(fields, variant.keys.layers, "num_hidden_layers"), kMaxLayers);
  bert.heads = config.heads(key_of(fields, variant.keys.heads, "num_attention_heads"), hidden_key,
                            bert.hidden);
  bert.intermediate = config.size(variant.keys.intermediate);
  bert.max_positions =
      fields.optional_integer("max_position_embeddings", 1, kMaxVocabulary).value_or(512);
  if (variant.types)
    bert.types = fields.optional_integer("type_vocab_size", 1, kMaxWidth).value_or(2);
  bert.word_width = bert.hidden;
  if (variant.projection != Projection::none) {
    bert.word_width = fields.optional_integer("embedding_size", 1, kMaxWidth).value_or(128);
  }
}

void read_groups(const ModelConfig& config, const BertVariant& variant, BertConfig& bert) {
  const JsonObject& fields = config.fields;
  if (variant.layer_groups) {
    bert.groups = fields.optional_integer("num_hidden_groups", 1, bert.layers).value_or(1);
    bert.inner_layers = fields.optional_integer("inner_group_num", 1, kMaxLayers).value_or(1);
  }
  if (!variant.grouped) return;
  const auto groups = [&](std::string_view key, std::int64_t usual) {
    return fields.optional_integer(key, 1, kMaxWidth).value_or(usual);
  };
  bert.query_groups = groups("q_groups", 4);
  bert.key_groups = groups("k_groups", 4);
  bert.value_groups = groups("v_groups", 4);
  bert.project_groups = groups("post_attention_groups", 1);
  bert.up_groups = groups("intermediate_groups", 4);
  bert.down_groups = groups("output_groups", 4);
  const std::int64_t width = fields.optional_integer("embedding_size", 1, kMaxWidth).value_or(768);
  if (width != bert.hidden) fields.refuse("embedding_size", "the same as hidden_size");
}

}  // namespace

BertConfig read_bert_config(const ModelConfig& config, const BertVariant& variant) {
  const JsonObject& fields = config.fields;
  BertConfig bert{};
  bert.variant = &variant;
  bert.query_groups = bert.key_groups = bert.value_groups = 1;
  read_sizes(config, variant, bert);
  read_groups(config, variant, bert);
  bert.epsilon = variant.epsilon;
  if (bert.epsilon == 0) {
    bert.epsilon =
        static_cast<float>(fields.optional_number("layer_norm_eps", 0, 1).value_or(1e-12));
  }
  bert.layer_epsilon = variant.layer_epsilon > 0 ? variant.layer_epsilon : bert.epsilon;
  bert.activation = read_activation(fields, variant.keys.activation, variant.default_activation);
  if (!variant.relative_bias.empty()) {
    bert.buckets = fields.optional_integer("relative_attention_num_buckets", kBuckets, kMaxWidth)
                       .value_or(kBuckets);
  }
  bert.tied = config.tie_word_embeddings;
  bert.padding = variant.positions == PositionScheme::after_one
                     ? 1
                     : config.pad_token_id.value_or(variant.default_padding);
  if (variant.positions != PositionScheme::columns && bert.padding + 1 >= bert.max_positions) {
    fields.refuse("max_position_embeddings",
                  fmt::format("more than {}, the padding and what is before it", bert.padding + 1));
  }
  if (variant.position_types) {
    const auto type = fields.optional_choice("position_embedding_type",
                                             {"absolute", "relative_key", "relative_key_query"});
    bert.distance_queries = type == "relative_key_query";
    bert.distance_keys = bert.distance_queries || type == "relative_key";
    bert.absolute = !bert.distance_keys;
  }
  require_false(fields, {"is_decoder", "add_cross_attention", "is_encoder_decoder"});
  fields.ignore(variant.without_effect);
  return bert;
}

}  // namespace pellucid
