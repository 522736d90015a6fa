// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/deberta_config.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "pellucid/base/error.h"
#include "pellucid/nn/options.h"

namespace pellucid {
namespace {

/// "p2c|c2p" or ["p2c", "c2p"], in small letters.
std::vector<std::string> listed(const JsonObject& fields, std::string_view key) {
  std::vector<std::string> words;
  try {
    words = fields.optional_texts(key).value_or(words);
  } catch (const Error&) {  // one text with bars
    words = {""};
    for (const char c : fields.text(key)) {
      if (c == '|') {
        words.emplace_back();
      } else if (c != ' ') {
        words.back() += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      }
    }
  }
  return words;
}

void read_positions(const ModelConfig& config, DebertaConfig& deberta) {
  const JsonObject& fields = config.fields;
  deberta.max_positions =
      fields.optional_integer("max_position_embeddings", 1, kMaxWidth).value_or(512);
  deberta.absolute_positions = fields.optional_boolean("position_biased_input").value_or(true);
  deberta.relative = fields.optional_boolean("relative_attention").value_or(false);
  for (const std::string& kind : listed(fields, "pos_att_type")) {
    if (kind != "c2p" && kind != "p2c") {
      fields.refuse("pos_att_type", "kinds among c2p and p2c");
    }
    (kind == "c2p" ? deberta.content_to_position : deberta.position_to_content) = true;
    ++deberta.kinds;
  }
  const auto farthest = fields.optional_integer("max_relative_positions", -1, kMaxVocabulary);
  deberta.farthest = farthest.value_or(-1) < 1 ? deberta.max_positions : *farthest;
  deberta.span = deberta.farthest;
  if (deberta.version == 1) return;
  if (deberta.content_to_position && deberta.position_to_content) deberta.kinds = 2;
  deberta.share_keys = fields.optional_boolean("share_att_key").value_or(false);
  deberta.buckets = std::max<std::int64_t>(
      fields.optional_integer("position_buckets", -1, kMaxWidth).value_or(-1), 0);
  if (deberta.buckets > 0) deberta.span = deberta.buckets;
  const std::int64_t middle = deberta.buckets / 2;
  if (deberta.buckets > 0 && deberta.max_positions - 1 > middle &&
      (middle == 0 || deberta.farthest - 1 <= middle)) {
    fields.refuse("position_buckets", "at least 2, and fewer than twice max_relative_positions");
  }
  for (const std::string& kind : listed(fields, "norm_rel_ebd")) {
    if (kind != "layer_norm" && kind != "none") {
      fields.refuse("norm_rel_ebd", "layer_norm or none");
    }
    deberta.normed_table = deberta.normed_table || kind == "layer_norm";
  }
}

void read_convolution(const JsonObject& fields, DebertaConfig& deberta) {
  deberta.kernel = fields.optional_integer("conv_kernel_size", 0, 999).value_or(0);
  deberta.convolution_activation = read_activation(fields, "conv_act", "tanh");
  if (deberta.kernel > 0 && deberta.kernel % 2 == 0) {
    fields.refuse("conv_kernel_size", "an odd number: an even one changes the length");
  }
  if (fields.optional_integer("conv_groups", 1, kMaxWidth).value_or(1) != 1) {
    fields.refuse("conv_groups", "1 for this model");
  }
}

/// Distances within half the buckets are kept; beyond, buckets grow like the logarithm. Single
/// precision, as the models were trained.
std::int64_t log_bucket(std::int64_t distance, std::int64_t buckets, std::int64_t farthest) {
  const std::int64_t middle = buckets / 2, size = std::abs(distance);
  if (size <= middle) return distance;
  const auto ratio = [&](std::int64_t number) {
    return std::log(static_cast<float>(number) / static_cast<float>(middle));
  };
  const float place = std::ceil(ratio(size) / ratio(farthest - 1) * static_cast<float>(middle - 1));
  const std::int64_t bucket = static_cast<std::int64_t>(place) + middle;
  return distance < 0 ? -bucket : bucket;
}

}  // namespace

DebertaConfig read_deberta_config(const ModelConfig& config) {
  const JsonObject& fields = config.fields;
  DebertaConfig deberta{};
  deberta.version = config.model_type == "deberta" ? 1 : 2;
  deberta.vocabulary = config.size("vocab_size", kMaxVocabulary);
  deberta.hidden = config.size("hidden_size");
  deberta.layers = config.size("num_hidden_layers", kMaxLayers);
  deberta.heads = config.heads("num_attention_heads", "hidden_size", deberta.hidden);
  deberta.intermediate = config.size("intermediate_size");
  deberta.word_width =
      fields.optional_integer("embedding_size", 1, kMaxWidth).value_or(deberta.hidden);
  deberta.types = fields.optional_integer("type_vocab_size", 0, kMaxWidth).value_or(0);
  deberta.labels = config.num_labels();
  deberta.epsilon =
      static_cast<float>(fields.optional_number("layer_norm_eps", 0, 1).value_or(1e-7));
  deberta.activation = read_activation(fields, "hidden_act", "gelu");
  deberta.pooler_activation = read_activation(fields, "pooler_hidden_act", "gelu");
  deberta.tied = config.tie_word_embeddings;
  deberta.legacy_head = fields.optional_boolean("legacy").value_or(true);
  if (!deberta.legacy_head && deberta.tied) {
    fields.refuse("legacy", "true where tie_word_embeddings is true");
  }
  const auto same = [&](std::string_view key, std::int64_t size) {
    if (fields.optional_integer(key, 1, kMaxWidth).value_or(size) != size) {
      fields.refuse(key, std::to_string(size) + " for this model");
    }
  };
  same("pooler_hidden_size", deberta.hidden);
  if (deberta.version == 1) {
    require_false(fields, {"talking_head"});
  } else {
    same("attention_head_size", deberta.hidden / deberta.heads);
    read_convolution(fields, deberta);
  }
  read_positions(config, deberta);
  require_false(fields, {"is_decoder", "add_cross_attention", "is_encoder_decoder"});
  fields.ignore({"pooler_dropout", "cls_dropout"});
  return deberta;
}

float DebertaConfig::scale() const {
  return 1.0F / std::sqrt(static_cast<float>(hidden / heads * (1 + kinds)));
}

std::vector<std::int32_t> DebertaConfig::distance_rows() const {
  std::vector<std::int32_t> rows;
  for (std::int64_t distance = 1 - max_positions; distance < max_positions; ++distance) {
    const std::int64_t bucket = buckets > 0 ? log_bucket(distance, buckets, farthest) : distance;
    rows.push_back(
        static_cast<std::int32_t>(std::clamp<std::int64_t>(bucket + span, 0, 2 * span - 1)));
  }
  return rows;
}

HeadRecipes DebertaConfig::head_recipes() const {
  HeadRecipes recipes{.sequence = {.dense = "pooler.dense", .output = "classifier"},
                      .masked = {.dense = "cls.predictions.transform.dense",
                                 .norm = "cls.predictions.transform.LayerNorm",
                                 .output = "cls.predictions.decoder",
                                 .bias = "cls.predictions.bias"}};
  if (!legacy_head) {
    recipes.masked = {.dense = "lm_predictions.lm_head.dense",
                      .norm = "lm_predictions.lm_head.LayerNorm",
                      .output = "lm_predictions.lm_head.decoder",
                      .bias = "lm_predictions.lm_head.bias"};
  }
  return recipes;
}

HeadSizes DebertaConfig::head_sizes(HeadKind head) const {
  const bool pools = head == HeadKind::sequence_classification;
  return {.hidden = hidden,
          .dense = head == HeadKind::masked_lm ? word_width : 0,
          .labels = labels,
          .vocabulary = vocabulary,
          .epsilon = epsilon,
          .activation = pools ? pooler_activation : activation,
          .tied_to = tied || !legacy_head ? "embeddings.word_embeddings.weight" : ""};
}

void DebertaConfig::fill(HeadKind kind, const EncoderHead& head, NetworkShape& shape) const {
  shape.head = kind;
  shape.vocabulary = vocabulary;
  shape.types = types;
  shape.max_positions = max_positions;
  shape.hidden = hidden;
  shape.word_width = word_width;
  shape.layers = layers;
  shape.heads = heads;
  shape.outputs = head.output ? head.output.weights().outputs() : hidden;
  shape.tracked_floats_per_token = 2 * hidden + layers * (10 * hidden + 2 * intermediate);
  shape.untracked_floats_per_token = 7 * hidden + intermediate;
}

}  // namespace pellucid
