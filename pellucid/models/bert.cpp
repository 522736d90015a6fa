// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/bert.h"

#include <cmath>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/io/config.h"
#include "pellucid/models/relative_buckets.h"
#include "pellucid/nn/module.h"
#include "pellucid/nn/options.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/attention.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

/// Rows of a table of biases that are in use, however many it has.
constexpr std::int64_t kBuckets = 32;

struct BertConfig {
  const BertVariant* variant;
  std::int64_t vocabulary, hidden, word_width, layers, heads, intermediate, max_positions, types;
  std::int64_t padding;  ///< the id that after_padding counts from
  Activation activation;
  float epsilon, layer_epsilon;
  std::int64_t buckets;  ///< rows of the table of biases
  bool tied;             ///< the masked-LM decoder is the word table, whatever the file holds
  std::int64_t groups = 1, inner_layers = 1;                        // of layers that share weights
  std::int64_t query_groups = 1, key_groups = 1, value_groups = 1;  // of convolutions
  std::int64_t project_groups = 1, up_groups = 1, down_groups = 1;
};

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

BertConfig read_config(const ModelConfig& config, const BertVariant& variant) {
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
  fields.optional_choice("position_embedding_type", {"absolute"});
  require_false(fields, {"is_decoder", "add_cross_attention", "is_encoder_decoder"});
  fields.ignore(variant.without_effect);
  return bert;
}

/// One of the blocks that follow the embeddings. `prefix`: of its weights' names.
class BertLayer {
 public:
  BertLayer(const BertConfig& bert, const std::string& prefix, const ModuleReader& reader)
      : heads_(bert.heads),
        scale_(1.0F / std::sqrt(static_cast<float>(bert.hidden / bert.heads))),
        activation_(bert.activation) {
    const BertLayerNames& names = bert.variant->names;
    const auto linear = [&](std::vector<GroupedName> parts, std::int64_t outputs,
                            std::int64_t inputs) {
      if (bert.variant->grouped) return reader.convolutions(parts, outputs, inputs);
      std::vector<std::string> plain;
      for (const GroupedName& part : parts) plain.push_back(part.name);
      return reader.stacked(plain, outputs, inputs);
    };
    const auto named = [&](std::string_view name, std::int64_t groups) {
      return GroupedName{prefix + std::string(name), groups};
    };
    const GroupedName query = named(names.query, bert.query_groups);
    const GroupedName key = named(names.key, bert.key_groups);
    const GroupedName value = named(names.value, bert.value_groups);
    // The last layer computes queries for the rows that the head reads, keys and values for all.
    qkv_ = linear({query, key, value}, bert.hidden, bert.hidden);
    queries_ = linear({query}, bert.hidden, bert.hidden);
    keys_values_ = linear({key, value}, bert.hidden, bert.hidden);
    project_ = linear({named(names.project, bert.project_groups)}, bert.hidden, bert.hidden);
    up_ = linear({named(names.up, bert.up_groups)}, bert.intermediate, bert.hidden);
    down_ = linear({named(names.down, bert.down_groups)}, bert.hidden, bert.intermediate);
    attention_norm_ = reader.layer_norm(prefix + std::string(names.attention_norm), bert.hidden,
                                        bert.layer_epsilon);
    mlp_norm_ =
        reader.layer_norm(prefix + std::string(names.mlp_norm), bert.hidden, bert.layer_epsilon);
  }

  /// All rows, or those of `read`.
  Variable operator()(const Variable& x, const Batch& batch, const ReadRows* read,
                      const AttentionBias& bias, Tensor* probabilities) const {
    AttentionShape shape{heads_, scale_, batch.offsets, batch.offsets};
    shape.key_places = batch.columns;
    shape.bias = bias;
    if (read == nullptr) return finish(x, self_attention(qkv_(x), shape, probabilities));
    shape.query_offsets = read->offsets;
    shape.query_rows = read->rows;
    const Variable rows = select_rows(x, read->rows);
    return finish(rows, attention(queries_(rows), keys_values_(x), shape));
  }

 private:
  Variable finish(const Variable& x, const Variable& mixed) const {
    const Variable attended = attention_norm_(project_(mixed), x);
    return mlp_norm_(down_(activation(activation_, up_(attended))), attended);
  }

  std::int64_t heads_;
  float scale_;
  Activation activation_;
  Linear qkv_, queries_, keys_values_, project_, up_, down_;
  LayerNorm attention_norm_, mlp_norm_;
};

class Bert : public Encoder {
 public:
  Bert(HeadKind head, const BertConfig& bert, std::int64_t labels, const ModuleReader& reader)
      : scheme_(bert.variant->positions),
        padding_(bert.padding),
        layers_per_index_(bert.inner_layers) {
    const BertVariant& variant = *bert.variant;
    words_ = reader.embedding("embeddings.word_embeddings", bert.vocabulary, bert.word_width);
    positions_ =
        reader.embedding("embeddings.position_embeddings", bert.max_positions, bert.word_width);
    if (variant.types) {
      types_ = reader.embedding("embeddings.token_type_embeddings", bert.types, bert.word_width);
    }
    embedding_norm_ = reader.layer_norm("embeddings.LayerNorm", bert.word_width, bert.epsilon);
    if (variant.projection == Projection::always ||
        (variant.projection == Projection::when_wider && bert.word_width != bert.hidden)) {
      projection_ =
          reader.linear(std::string(variant.projection_name), bert.hidden, bert.word_width);
    }
    if (!variant.relative_bias.empty()) read_bias(bert, reader);
    read_layers(bert, reader);
    head_ = read_head(head, variant.heads,
                      {.hidden = bert.hidden,
                       .dense = head == HeadKind::masked_lm ? bert.word_width : 0,
                       .labels = labels,
                       .vocabulary = bert.vocabulary,
                       .epsilon = bert.epsilon,
                       .activation = bert.activation,
                       .tied_to = bert.tied ? "embeddings.word_embeddings.weight" : ""},
                      reader);
    attentions_per_layer_ = bert.inner_layers;
    fill_shape(head, bert);
  }

  std::vector<std::int32_t> positions(std::span<const std::int32_t> ids) const override {
    if (scheme_ == PositionScheme::columns) return Network::positions(ids);
    std::vector<std::int32_t> rows;
    auto next = static_cast<std::int32_t>(padding_);
    for (const std::int32_t id : ids) {
      rows.push_back(id == padding_ ? static_cast<std::int32_t>(padding_) : ++next);
    }
    return rows;
  }

 protected:
  Variable input(Variable words, const Batch& batch, Tap& tap) const override {
    const Variable places = tap("position-embeddings",
                                [&] { return Variable(gather(positions_, position_ids(batch))); });
    Variable sum = places;
    if (types_.data != nullptr) sum = add(Variable(gather(types_, batch.types)), places);
    Variable x = embedding_norm_(std::move(sum), words);
    return projection_ ? projection_(x) : x;
  }

  Variable layer(std::int64_t index, const Variable& x, const Batch& batch, const ReadRows* read,
                 Tap& tap) const override {
    Variable y = x;
    for (std::int64_t inner = 0; inner < layers_per_index_; ++inner) {
      const bool last = inner + 1 == layers_per_index_;
      const std::int64_t place = index * layers_per_index_ + inner;
      const std::string name = fmt::format("layer.{}.attentions", place);
      Tensor kept;
      const bool wanted = tap.wanted(name);
      y = (*layers_[static_cast<std::size_t>(place)])(y, batch, last ? read : nullptr, bias_,
                                                      wanted ? &kept : nullptr);
      if (wanted) tap(name, Variable(kept));
    }
    return y;
  }

 private:
  void read_layers(const BertConfig& bert, const ModuleReader& reader) {
    std::vector<std::shared_ptr<const BertLayer>> shared;
    const std::string prefix(bert.variant->names.prefix);
    const auto add = [&](const std::string& name) {
      shared.push_back(std::make_shared<const BertLayer>(bert, prefix + name + ".", reader));
    };
    if (!bert.variant->layer_groups) {
      for (std::int64_t i = 0; i < bert.layers; ++i) add(std::to_string(i));
      layers_ = std::move(shared);
      return;
    }
    for (std::int64_t group = 0; group < bert.groups; ++group) {
      for (std::int64_t inner = 0; inner < bert.inner_layers; ++inner) {
        add(fmt::format("{}.albert_layers.{}", group, inner));
      }
    }
    for (std::int64_t i = 0; i < bert.layers; ++i) {
      const std::int64_t group = i * bert.groups / bert.layers;
      for (std::int64_t inner = 0; inner < bert.inner_layers; ++inner) {
        layers_.push_back(shared[static_cast<std::size_t>(group * bert.inner_layers + inner)]);
      }
    }
  }

  /// The table of biases by distance, which all layers add to their scores.
  void read_bias(const BertConfig& bert, const ModuleReader& reader) {
    constexpr std::int64_t kFarthest = 128;
    const Tensor table = reader.tensor(std::string(bert.variant->relative_bias) + ".weight",
                                       {bert.buckets, bert.heads});
    bias_ = bucketed_bias(table.row_slice(0, kBuckets), bert.max_positions, kFarthest);
  }

  std::vector<std::int32_t> position_ids(const Batch& batch) const {
    std::vector<std::int32_t> rows = batch.positions;
    if (scheme_ == PositionScheme::columns) return rows;
    for (std::int64_t s = 0; s < batch.sequences(); ++s) {
      if (batch.gives_positions[static_cast<std::size_t>(s)]) continue;
      const std::int64_t begin = batch.offsets[static_cast<std::size_t>(s)];
      const std::int64_t end = batch.offsets[static_cast<std::size_t>(s) + 1];
      const auto own = positions(std::span(batch.ids).subspan(
          static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
      std::copy(own.begin(), own.end(), rows.begin() + begin);
    }
    return rows;
  }

  void fill_shape(HeadKind head, const BertConfig& bert) {
    const bool padded = scheme_ != PositionScheme::columns;
    shape_.head = head;
    shape_.vocabulary = bert.vocabulary;
    shape_.types = bert.types;
    shape_.positions = bert.max_positions;
    shape_.max_positions = bert.max_positions - (padded ? padding_ + 1 : 0);
    shape_.hidden = bert.hidden;
    shape_.word_width = bert.word_width;
    shape_.layers = bert.layers;
    shape_.attentions = bert.layers * bert.inner_layers;
    shape_.heads = bert.heads;
    shape_.outputs = head_.output ? head_.output.weights().outputs() : bert.hidden;
    shape_.tracked_floats_per_token =
        2 * bert.hidden + shape_.attentions * (9 * bert.hidden + 2 * bert.intermediate);
    shape_.untracked_floats_per_token = 6 * bert.hidden + bert.intermediate;
  }

  PositionScheme scheme_;
  std::int64_t padding_, layers_per_index_;
  EmbeddingTable positions_, types_;
  LayerNorm embedding_norm_;
  Linear projection_;
  AttentionBias bias_;
  std::vector<std::shared_ptr<const BertLayer>> layers_;
};

}  // namespace

std::unique_ptr<const Network> make_bert_variant(const BertVariant& variant, HeadKind head,
                                                 const ModelConfig& config,
                                                 Checkpoint& checkpoint) {
  const BertConfig bert = read_config(config, variant);
  const ModuleReader reader(checkpoint, std::string(variant.prefix));
  return std::make_unique<Bert>(head, bert, config.num_labels(), reader);
}

std::unique_ptr<const Network> make_bert(HeadKind head, const ModelConfig& config,
                                         Checkpoint& checkpoint) {
  const BertVariant* variant = find_bert_variant(config.model_type);
  check(variant != nullptr, "{}: \"model_type\" is \"{}\", which is no variant of BERT",
        config.fields.name(), config.model_type);
  return make_bert_variant(*variant, head, config, checkpoint);
}

}  // namespace pellucid
