// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/deberta.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/models/deberta_config.h"
#include "pellucid/models/encoder.h"
#include "pellucid/nn/module.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/distance_attention.h"
#include "pellucid/ops/neighbours.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

/// Queries apart from keys with values, as the attention wants them.
struct Projections {
  Linear queries, keys_values;
};

/// Version 1 has one matrix for all, head by head: queries, keys and values of head 0, of head 1
/// ...; keys have no bias.
Projections read_fused(const DebertaConfig& deberta, const std::string& prefix,
                       const ModuleReader& reader) {
  const std::int64_t hidden = deberta.hidden, width = hidden / deberta.heads;
  const MatrixSource whole = reader.matrix(prefix + "in_proj.weight", 3 * hidden, hidden);
  const auto parts = [&](int part) {  // 0: queries, 1: keys, 2: values
    std::vector<MatrixSource> rows;
    for (std::int64_t head = 0; head < deberta.heads; ++head) {
      rows.push_back(whole.slice((3 * head + part) * width, width));
    }
    return rows;
  };
  const Tensor query_bias = reader.tensor(prefix + "q_bias", {hidden});
  const Tensor value_bias = reader.tensor(prefix + "v_bias", {hidden});
  std::vector<float> bias(static_cast<std::size_t>(hidden), 0.0F);
  bias.insert(bias.end(), value_bias.values().begin(), value_bias.values().end());
  auto keys_values = parts(1);
  for (const MatrixSource& values : parts(2)) keys_values.push_back(values);
  const auto query_values = query_bias.values();
  return {Linear(std::make_shared<const LinearWeights>(
              parts(0), std::vector<float>(query_values.begin(), query_values.end()))),
          Linear(std::make_shared<const LinearWeights>(std::move(keys_values), std::move(bias)))};
}

Projections read_projections(const DebertaConfig& deberta, const std::string& prefix,
                             const ModuleReader& reader) {
  if (deberta.version == 1) return read_fused(deberta, prefix, reader);
  const std::int64_t hidden = deberta.hidden;
  return {reader.linear(prefix + "query_proj", hidden, hidden),
          reader.stacked({prefix + "key_proj", prefix + "value_proj"}, hidden, hidden)};
}

/// The vectors for distances of one layer, made when first used.
class DistanceVectors {
 public:
  DistanceVectors(const DebertaConfig& deberta, const std::string& prefix, Tensor table,
                  const Projections& content, const ModuleReader& reader)
      : table_(std::move(table)) {
    terms_.row = deberta.distance_rows();
    terms_.zero = deberta.max_positions - 1;
    const std::int64_t hidden = deberta.hidden;
    if (deberta.share_keys) {
      if (deberta.content_to_position) keys_ = content.keys_values;  // its first half
      if (deberta.position_to_content) queries_ = content.queries;
      return;
    }
    const bool first = deberta.version == 1;
    if (deberta.content_to_position) {
      keys_ = reader.linear(prefix + (first ? "pos_proj" : "pos_key_proj"), hidden, hidden, !first);
    }
    if (deberta.position_to_content) {
      queries_ = reader.linear(prefix + (first ? "pos_q_proj" : "pos_query_proj"), hidden, hidden);
    }
  }

  const DistanceTerms* terms() const {
    std::call_once(once_, [this] {
      const std::int64_t hidden = table_.width();
      const auto vectors = [&](const Linear& linear) {
        const Tensor all = linear(Variable(table_)).value;
        if (all.width() == hidden) return all;
        Tensor first = Tensor::uninitialized({all.rows(), hidden});
        for (std::int64_t row = 0; row < all.rows(); ++row) {
          std::copy_n(all.row(row), hidden, first.row(row));
        }
        return first;
      };
      if (keys_) terms_.keys = vectors(keys_);
      if (queries_) terms_.queries = vectors(queries_);
      keys_ = queries_ = Linear();
    });
    return &terms_;
  }

 private:
  Tensor table_;  // [rows, hidden]
  mutable Linear keys_, queries_;
  mutable std::once_flag once_;
  mutable DistanceTerms terms_;
};

class DebertaLayer {
 public:
  /// table: of distances, or not defined
  DebertaLayer(const DebertaConfig& deberta, std::int64_t index, const Tensor& table,
               const ModuleReader& reader)
      : heads_(deberta.heads), scale_(deberta.scale()) {
    tail_.mlp_activation = deberta.activation;
    const std::int64_t hidden = deberta.hidden;
    const std::string prefix = fmt::format("encoder.layer.{}.", index);
    content_ = read_projections(deberta, prefix + "attention.self.", reader);
    if (table.defined()) {
      distances_ = std::make_unique<DistanceVectors>(deberta, prefix + "attention.self.", table,
                                                     content_, reader);
    }
    tail_.project = reader.linear(prefix + "attention.output.dense", hidden, hidden);
    tail_.attention_norm =
        reader.layer_norm(prefix + "attention.output.LayerNorm", hidden, deberta.epsilon);
    tail_.up = reader.linear(prefix + "intermediate.dense", deberta.intermediate, hidden);
    tail_.down = reader.linear(prefix + "output.dense", hidden, deberta.intermediate);
    tail_.mlp_norm = reader.layer_norm(prefix + "output.LayerNorm", hidden, deberta.epsilon);
  }

  Variable operator()(const Variable& x, const Batch& batch, const ReadRows* read,
                      Tensor* probabilities) const {
    DistanceAttentionShape shape{.heads = heads_,
                                 .scale = scale_,
                                 .query_offsets = batch.offsets,
                                 .key_offsets = batch.offsets,
                                 .key_places = batch.columns};
    if (distances_ != nullptr) shape.distance = distances_->terms();
    const Variable rows = query_rows(x, read, shape);
    const Variable mixed =
        distance_attention(content_.queries(rows), content_.keys_values(x), shape, probabilities);
    return tail_(rows, mixed);
  }

 private:
  std::int64_t heads_;
  float scale_;
  Projections content_;
  std::unique_ptr<DistanceVectors> distances_;
  PostNormTail tail_;
};

/// A convolution over the first layer's input, added to its output.
class DebertaConvolution {
 public:
  DebertaConvolution() = default;
  DebertaConvolution(const DebertaConfig& deberta, const ModuleReader& reader)
      : activation_(deberta.convolution_activation) {
    const std::int64_t hidden = deberta.hidden, kernel = deberta.kernel;
    const Tensor weights = reader.tensor("encoder.conv.conv.weight", {hidden, hidden, kernel});
    const Tensor bias = reader.tensor("encoder.conv.conv.bias", {hidden});
    // [out, in, kernel] -> [out, kernel * in], as rows stand side by side
    auto matrix = std::make_shared<Tensor>(Tensor::uninitialized({hidden, kernel * hidden}));
    for (std::int64_t o = 0; o < hidden; ++o) {
      for (std::int64_t i = 0; i < hidden; ++i) {
        for (std::int64_t t = 0; t < kernel; ++t) {
          matrix->row(o)[t * hidden + i] = weights.row(o * hidden + i)[t];
        }
      }
    }
    std::vector<MatrixSource> source{{matrix->data(), DType::f32, hidden, kernel * hidden, matrix}};
    product_ = Linear(std::make_shared<const LinearWeights>(
        std::move(source), std::vector<float>(bias.values().begin(), bias.values().end())));
    norm_ = reader.layer_norm("encoder.conv.LayerNorm", hidden, deberta.epsilon);
    for (std::int64_t t = 0; t < kernel; ++t) {
      shifts_.push_back(static_cast<std::int32_t>(t - kernel / 2));
    }
  }

  explicit operator bool() const { return static_cast<bool>(product_); }

  /// x: input of the layer, all rows   y: its output, those that are wanted
  Variable operator()(const Variable& x, const Variable& y, const Batch& batch,
                      const ReadRows* read) const {
    Variable near = neighbours(x, batch.offsets, batch.columns, shifts_);
    if (read != nullptr) near = select_rows(near, read->rows);
    return norm_(activation(activation_, product_(near)), y);
  }

 private:
  Activation activation_ = Activation::identity;
  std::vector<std::int32_t> shifts_;
  Linear product_;
  LayerNorm norm_;
};

class Deberta : public Encoder {
 public:
  Deberta(HeadKind head, const DebertaConfig& deberta, const ModuleReader& reader) {
    const std::int64_t width = deberta.word_width, hidden = deberta.hidden;
    words_ = reader.embedding("embeddings.word_embeddings", deberta.vocabulary, width);
    if (deberta.absolute_positions) {
      positions_ = reader.embedding("embeddings.position_embeddings", deberta.max_positions, width);
    } else {
      reader.skip("embeddings.position_embeddings.weight");
    }
    if (deberta.types > 0) {
      types_ = reader.embedding("embeddings.token_type_embeddings", deberta.types, width);
    }
    if (width != hidden) {
      projection_ = reader.linear("embeddings.embed_proj", hidden, width, false);
    }
    embedding_norm_ = reader.layer_norm("embeddings.LayerNorm", hidden, deberta.epsilon);
    const Tensor table = read_table(deberta, reader);
    for (std::int64_t index = 0; index < deberta.layers; ++index) {
      layers_.push_back(std::make_unique<const DebertaLayer>(deberta, index, table, reader));
    }
    if (deberta.kernel > 0) convolution_ = DebertaConvolution(deberta, reader);
    head_ = read_head(head, deberta.head_recipes(), deberta.head_sizes(head), reader);
    deberta.fill(head, head_, shape_);
  }

 protected:
  Variable input(Variable words, const Batch& batch, Tap& tap) const override {
    Variable x = std::move(words);
    if (positions_.data != nullptr) {
      x = add(std::move(x), tap("position-embeddings",
                                [&] { return Variable(gather(positions_, batch.positions)); }));
    }
    if (types_.data != nullptr) x = add(std::move(x), Variable(gather(types_, batch.types)));
    if (projection_) x = projection_(x);
    return embedding_norm_(x);
  }

  Variable layer(std::int64_t index, const Variable& x, const Batch& batch, const ReadRows* read,
                 Tap& tap) const override {
    Variable y = with_attentions(index, tap, [&](Tensor* probabilities) {
      return (*layers_[static_cast<std::size_t>(index)])(x, batch, read, probabilities);
    });
    if (index == 0 && convolution_) y = convolution_(x, y, batch, read);
    return y;
  }

 private:
  /// The table of distances, [2 span, hidden].
  static Tensor read_table(const DebertaConfig& deberta, const ModuleReader& reader) {
    if (!deberta.relative) {
      reader.skip("encoder.LayerNorm.weight");
      reader.skip("encoder.LayerNorm.bias");
      return {};
    }
    Tensor table =
        reader.tensor("encoder.rel_embeddings.weight", {2 * deberta.span, deberta.hidden});
    if (!deberta.normed_table) return table;
    const LayerNorm norm = reader.layer_norm("encoder.LayerNorm", deberta.hidden, deberta.epsilon);
    return norm(Variable(std::move(table))).value;
  }

  EmbeddingTable positions_, types_;
  Linear projection_;
  LayerNorm embedding_norm_;
  std::vector<std::unique_ptr<const DebertaLayer>> layers_;
  DebertaConvolution convolution_;
};

}  // namespace

std::unique_ptr<const Network> make_deberta(HeadKind head, const ModelConfig& config,
                                            Checkpoint& checkpoint) {
  const DebertaConfig deberta = read_deberta_config(config);
  return std::make_unique<Deberta>(head, deberta, ModuleReader(checkpoint, "deberta."));
}

}  // namespace pellucid
