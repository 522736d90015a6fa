// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/bert.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/io/config.h"
#include "pellucid/models/bert_config.h"
#include "pellucid/models/relative_buckets.h"
#include "pellucid/nn/module.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/attention.h"
#include "pellucid/ops/distance_attention.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

/// One of the blocks that follow the embeddings. `prefix`: of its weights' names.
class BertLayer {
 public:
  BertLayer(const BertConfig& bert, const std::string& prefix, const ModuleReader& reader)
      : heads_(bert.heads), scale_(1.0F / std::sqrt(static_cast<float>(bert.hidden / bert.heads))) {
    tail_.mlp_activation = bert.activation;
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
    if (bert.distance_keys) read_distances(bert, prefix + std::string(names.distances), reader);
    tail_.project = linear({named(names.project, bert.project_groups)}, bert.hidden, bert.hidden);
    tail_.up = linear({named(names.up, bert.up_groups)}, bert.intermediate, bert.hidden);
    tail_.down = linear({named(names.down, bert.down_groups)}, bert.hidden, bert.intermediate);
    tail_.attention_norm = reader.layer_norm(prefix + std::string(names.attention_norm),
                                             bert.hidden, bert.layer_epsilon);
    tail_.mlp_norm =
        reader.layer_norm(prefix + std::string(names.mlp_norm), bert.hidden, bert.layer_epsilon);
  }

  /// All rows, or those of `read`.
  Variable operator()(const Variable& x, const Batch& batch, const ReadRows* read,
                      const AttentionBias& bias, Tensor* probabilities) const {
    if (distances_.used()) return by_distance(x, batch, read, probabilities);
    AttentionShape shape{heads_, scale_, batch.offsets, batch.offsets};
    shape.key_places = batch.columns;
    shape.bias = bias;
    if (read == nullptr) return tail_(x, self_attention(qkv_(x), shape, probabilities));
    const Variable rows = query_rows(x, read, shape);
    return tail_(rows, attention(queries_(rows), keys_values_(x), shape));
  }

 private:
  Variable by_distance(const Variable& x, const Batch& batch, const ReadRows* read,
                       Tensor* probabilities) const {
    DistanceAttentionShape shape{.heads = heads_,
                                 .scale = scale_,
                                 .query_offsets = batch.offsets,
                                 .key_offsets = batch.offsets,
                                 .key_places = batch.columns,
                                 .distance = &distances_};
    const Variable rows = query_rows(x, read, shape);
    return tail_(rows, distance_attention(queries_(rows), keys_values_(x), shape, probabilities));
  }

  /// The vectors for distances, which all heads share.  Shaw et al. 2018, arXiv 1803.02155
  void read_distances(const BertConfig& bert, const std::string& name, const ModuleReader& reader) {
    const std::int64_t width = bert.hidden / bert.heads, rows = 2 * bert.max_positions - 1;
    const Tensor one = reader.tensor(name + ".weight", {rows, width});
    const float factor = bert.variant->unscaled_distances ? 1 / scale_ : 1;
    Tensor all = Tensor::uninitialized({rows, bert.hidden});
    for (std::int64_t row = 0; row < rows; ++row) {
      distances_.row.push_back(static_cast<std::int32_t>(row));
      for (std::int64_t i = 0; i < bert.hidden; ++i) {
        all.row(row)[i] = factor * one.row(row)[i % width];
      }
    }
    distances_.zero = bert.max_positions - 1;
    distances_.keys = all;
    if (bert.distance_queries) distances_.queries = all;
  }

  std::int64_t heads_;
  float scale_;
  DistanceTerms distances_;
  Linear qkv_, queries_, keys_values_;
  PostNormTail tail_;
};

class Bert : public Encoder {
 public:
  Bert(HeadKind head, const BertConfig& bert, std::int64_t labels, const ModuleReader& reader)
      : scheme_(bert.variant->positions),
        padding_(bert.padding),
        layers_per_index_(bert.inner_layers) {
    const BertVariant& variant = *bert.variant;
    words_ = reader.embedding("embeddings.word_embeddings", bert.vocabulary, bert.word_width);
    if (bert.absolute) {
      positions_ =
          reader.embedding("embeddings.position_embeddings", bert.max_positions, bert.word_width);
    } else {
      reader.skip("embeddings.position_embeddings.weight");
    }
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
    Variable sum = std::move(words);
    if (types_.data != nullptr) sum = add(Variable(gather(types_, batch.types)), sum);
    Variable x;
    if (positions_.data != nullptr) {
      x = embedding_norm_(std::move(sum), tap("position-embeddings", [&] {
                            return Variable(gather(positions_, position_ids(batch)));
                          }));
    } else {
      x = embedding_norm_(sum);
    }
    return projection_ ? projection_(x) : x;
  }

  Variable layer(std::int64_t index, const Variable& x, const Batch& batch, const ReadRows* read,
                 Tap& tap) const override {
    Variable y = x;
    for (std::int64_t inner = 0; inner < layers_per_index_; ++inner) {
      const std::int64_t place = index * layers_per_index_ + inner;
      const ReadRows* wanted = inner + 1 == layers_per_index_ ? read : nullptr;
      y = with_attentions(place, tap, [&](Tensor* probabilities) {
        return (*layers_[static_cast<std::size_t>(place)])(y, batch, wanted, bias_, probabilities);
      });
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
    const bool padded = scheme_ != PositionScheme::columns && bert.absolute;
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
  const BertConfig bert = read_bert_config(config, variant);
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
