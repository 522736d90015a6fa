// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/bert.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/io/config.h"
#include "pellucid/nn/module.h"
#include "pellucid/nn/options.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/attention.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

struct BertConfig {
  std::int64_t vocabulary, hidden, layers, heads, intermediate, max_positions, types;
  Activation activation;
  float epsilon;
  bool tied;  ///< the masked-LM decoder is the word table, whatever the file holds
};

BertConfig read_config(const ModelConfig& config) {
  const JsonObject& fields = config.fields;
  BertConfig bert{};
  bert.vocabulary = config.size("vocab_size", kMaxVocabulary);
  bert.hidden = config.size("hidden_size");
  bert.layers = config.size("num_hidden_layers", kMaxLayers);
  bert.heads = config.heads("num_attention_heads", "hidden_size", bert.hidden);
  bert.intermediate = config.size("intermediate_size");
  bert.max_positions = config.size("max_position_embeddings", kMaxVocabulary);
  bert.types = config.size("type_vocab_size");
  bert.epsilon = static_cast<float>(fields.number("layer_norm_eps", 0, 1));
  bert.activation = read_activation(fields, "hidden_act");
  bert.tied = config.tie_word_embeddings;
  fields.optional_choice("position_embedding_type", {"absolute"});
  require_false(fields, {"is_decoder", "add_cross_attention", "is_encoder_decoder"});
  // These matter in training only, or not at all for a bidirectional encoder.
  fields.ignore({"attention_probs_dropout_prob", "hidden_dropout_prob", "classifier_dropout",
                 "initializer_range", "chunk_size_feed_forward", "use_cache", "pooler_fc_size",
                 "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head",
                 "pooler_type", "directionality", "gradient_checkpointing"});
  return bert;
}

/// One of the blocks that follow the embeddings.
class BertLayer {
 public:
  BertLayer(const BertConfig& bert, std::int64_t index, const ModuleReader& reader)
      : name_(fmt::format("layer.{}", index)),
        heads_(bert.heads),
        scale_(1.0F / std::sqrt(static_cast<float>(bert.hidden / bert.heads))),
        activation_(bert.activation) {
    const std::string prefix = fmt::format("encoder.layer.{}.", index);
    const std::string self = prefix + "attention.self.";
    const bool last = index + 1 == bert.layers;
    // The last layer computes queries for the rows that the head reads, keys and values for all.
    qkv_ = reader.stacked({self + "query", self + "key", self + "value"}, bert.hidden, bert.hidden);
    if (last) {
      queries_ = reader.linear(self + "query", bert.hidden, bert.hidden);
      keys_values_ = reader.stacked({self + "key", self + "value"}, bert.hidden, bert.hidden);
    }
    project_ = reader.linear(prefix + "attention.output.dense", bert.hidden, bert.hidden);
    attention_norm_ =
        reader.layer_norm(prefix + "attention.output.LayerNorm", bert.hidden, bert.epsilon);
    up_ = reader.linear(prefix + "intermediate.dense", bert.intermediate, bert.hidden);
    down_ = reader.linear(prefix + "output.dense", bert.hidden, bert.intermediate);
    mlp_norm_ = reader.layer_norm(prefix + "output.LayerNorm", bert.hidden, bert.epsilon);
  }

  Variable operator()(const Variable& x, const Batch& batch, Tap& tap) const {
    Tensor* probabilities = nullptr;
    Tensor kept;
    if (tap.wanted(name_ + ".attentions")) probabilities = &kept;
    const AttentionShape shape{heads_, scale_, batch.offsets, batch.offsets};
    Variable mixed = self_attention(qkv_(x), shape, probabilities);
    if (probabilities != nullptr) tap(name_ + ".attentions", Variable(kept));
    return tap(name_ + ".hidden", finish(x, mixed));
  }

  /// Only the rows in batch.reads.
  Variable read_rows(const Variable& x, const Batch& batch) const {
    const AttentionShape shape{heads_, scale_, batch.read_offsets, batch.offsets};
    const Variable read = select_rows(x, batch.reads);
    return finish(read, attention(queries_(read), keys_values_(x), shape));
  }

  /// True if somebody wants to see all rows of this layer.
  bool tapped(const Tap& tap) const {
    return tap.wanted(name_ + ".attentions") || tap.touched(name_ + ".hidden");
  }

 private:
  Variable finish(const Variable& x, const Variable& mixed) const {
    const Variable attended = attention_norm_(project_(mixed), x);
    return mlp_norm_(down_(activation(activation_, up_(attended))), attended);
  }

  std::string name_;
  std::int64_t heads_;
  float scale_;
  Activation activation_;
  Linear qkv_, queries_, keys_values_, project_, up_, down_;
  LayerNorm attention_norm_, mlp_norm_;
};

/// What stands on top of the encoder; every part is there only if the head has it.
struct BertHead {
  Linear pooler;     ///< sequence classification: tanh(dense(first row))
  Linear transform;  ///< masked LM: dense, activation, norm ...
  LayerNorm transform_norm;
  Linear output;  ///< ... then the logits
};

class Bert : public Network {
 public:
  Bert(HeadKind head, const BertConfig& bert, std::int64_t labels, const ModuleReader& reader)
      : activation_(bert.activation) {
    words_ = reader.embedding("embeddings.word_embeddings", bert.vocabulary, bert.hidden);
    positions_ =
        reader.embedding("embeddings.position_embeddings", bert.max_positions, bert.hidden);
    types_ = reader.embedding("embeddings.token_type_embeddings", bert.types, bert.hidden);
    embedding_norm_ = reader.layer_norm("embeddings.LayerNorm", bert.hidden, bert.epsilon);
    for (std::int64_t index = 0; index < bert.layers; ++index) {
      layers_.emplace_back(bert, index, reader);
    }
    read_head(head, bert, labels, reader);
    shape_.head = head;
    shape_.vocabulary = bert.vocabulary;
    shape_.types = bert.types;
    shape_.max_positions = bert.max_positions;
    shape_.hidden = bert.hidden;
    shape_.layers = bert.layers;
    shape_.heads = bert.heads;
    shape_.outputs = head_.output ? head_.output.weights().outputs() : bert.hidden;
    shape_.tracked_floats_per_token =
        2 * bert.hidden + bert.layers * (9 * bert.hidden + 2 * bert.intermediate);
    shape_.untracked_floats_per_token = 6 * bert.hidden + bert.intermediate;
  }

  Variable operator()(const Batch& batch, Tap& tap) const override {
    Variable x = tap("embeddings", [&] { return Variable(gather(words_, batch.ids)); });
    const Variable places =
        tap("position-embeddings", [&] { return Variable(gather(positions_, batch.positions)); });
    Variable types(gather(types_, batch.types));
    x = tap("embedding-block", embedding_norm_(add(std::move(types), places), x));
    for (std::size_t index = 0; index + 1 < layers_.size(); ++index) {
      x = layers_[index](x, batch, tap);
    }
    return tap("logits", apply_head(last_layer(x, batch, tap), tap));
  }

  Tensor embed(std::span<const std::int32_t> ids) const override { return gather(words_, ids); }

 private:
  void read_head(HeadKind head, const BertConfig& bert, std::int64_t labels,
                 const ModuleReader& reader) {
    const ModuleReader top = reader.head();
    switch (head) {
      case HeadKind::none:
        break;
      case HeadKind::sequence_classification:
        head_.pooler = reader.linear("pooler.dense", bert.hidden, bert.hidden);
        head_.output = top.linear("classifier", labels, bert.hidden);
        break;
      case HeadKind::token_classification:
        head_.output = top.linear("classifier", labels, bert.hidden);
        break;
      case HeadKind::question_answering:
        head_.output = top.linear("qa_outputs", 2, bert.hidden);
        break;
      case HeadKind::masked_lm:
        head_.transform = top.linear("cls.predictions.transform.dense", bert.hidden, bert.hidden);
        head_.transform_norm =
            top.layer_norm("cls.predictions.transform.LayerNorm", bert.hidden, bert.epsilon);
        head_.output = masked_output(bert, reader, top);
        break;
      case HeadKind::causal_lm:
        fail("an encoder has no head for causal language modelling");
    }
  }

  static Linear masked_output(const BertConfig& bert, const ModuleReader& reader,
                              const ModuleReader& top) {
    constexpr auto kBias = "cls.predictions.bias";
    if (!bert.tied) {
      return top.tied("cls.predictions.decoder.weight", kBias, bert.vocabulary, bert.hidden);
    }
    return reader.tied("embeddings.word_embeddings.weight", kBias, bert.vocabulary, bert.hidden);
  }

  /// The rows that the head reads, after the last layer.
  Variable last_layer(const Variable& x, const Batch& batch, Tap& tap) const {
    const Batch* read = &batch;
    Batch pooled;
    if (shape_.pooled()) {
      pooled = batch;
      pooled.reads.assign(batch.offsets.begin(), batch.offsets.end() - 1);
      pooled.read_offsets.resize(batch.offsets.size());
      std::iota(pooled.read_offsets.begin(), pooled.read_offsets.end(), 0);
      read = &pooled;
    }
    if (layers_.empty()) return select_rows(x, read->reads);
    const BertLayer& last = layers_.back();
    // Heads that pool go this way even where every sequence has one token and all rows are read: a
    // sequence's bits must not depend on the others.
    const bool some = shape_.pooled() || !read->reads_all();
    if (some && !last.tapped(tap)) return last.read_rows(x, *read);
    Variable all = last(x, batch, tap);
    return read->reads_all() ? all : select_rows(all, read->reads);
  }

  Variable apply_head(Variable x, Tap& tap) const {
    if (head_.pooler) {
      x = tap("pooled", activation(Activation::tanh, head_.pooler(x)));
    }
    if (head_.transform) {
      x = head_.transform_norm(activation(activation_, head_.transform(x)));
    }
    return head_.output ? head_.output(x) : x;
  }

  Activation activation_;
  EmbeddingTable words_, positions_, types_;
  LayerNorm embedding_norm_;
  std::vector<BertLayer> layers_;
  BertHead head_;
};

}  // namespace

std::unique_ptr<const Network> make_bert(HeadKind head, const ModelConfig& config,
                                         Checkpoint& checkpoint) {
  const BertConfig bert = read_config(config);
  const ModuleReader reader(checkpoint, "bert.");
  return std::make_unique<Bert>(head, bert, config.num_labels(), reader);
}

}  // namespace pellucid
