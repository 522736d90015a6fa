// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/mobilebert.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/io/config.h"
#include "pellucid/models/encoder.h"
#include "pellucid/nn/module.h"
#include "pellucid/nn/options.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/affine.h"
#include "pellucid/ops/distance_attention.h"
#include "pellucid/ops/neighbours.h"
#include "pellucid/ops/select.h"
#include "pellucid/ops/side_by_side.h"

namespace pellucid {
namespace {

struct MobileBertConfig {
  std::int64_t vocabulary, hidden, word_width, thin, layers, heads, intermediate;
  std::int64_t max_positions, types, feed_forwards;
  Activation activation;
  float epsilon;
  bool trigram, bottleneck, thin_values, shared_queries, norms, pooler, tied;
};

MobileBertConfig read_config(const ModelConfig& config) {
  const JsonObject& fields = config.fields;
  MobileBertConfig mobile{};
  const auto flag = [&](std::string_view key, bool usual) {
    return fields.optional_boolean(key).value_or(usual);
  };
  const auto number = [&](std::string_view key, std::int64_t usual, std::int64_t most = kMaxWidth) {
    return fields.optional_integer(key, 1, most).value_or(usual);
  };
  mobile.vocabulary = config.size("vocab_size", kMaxVocabulary);
  mobile.hidden = config.size("hidden_size");
  mobile.layers = config.size("num_hidden_layers", kMaxLayers);
  mobile.intermediate = config.size("intermediate_size");
  mobile.word_width = number("embedding_size", 128);
  mobile.max_positions = number("max_position_embeddings", 512, kMaxVocabulary);
  mobile.types = number("type_vocab_size", 2);
  mobile.feed_forwards = number("num_feedforward_networks", 4);
  mobile.trigram = flag("trigram_input", true);
  mobile.bottleneck = flag("use_bottleneck", true);
  mobile.thin_values = flag("use_bottleneck_attention", false);
  mobile.shared_queries = flag("key_query_shared_bottleneck", true);
  const std::int64_t bottleneck = number("intra_bottleneck_size", 128);
  mobile.thin = mobile.bottleneck ? bottleneck : mobile.hidden;
  mobile.heads =
      config.heads("num_attention_heads",
                   mobile.bottleneck ? "intra_bottleneck_size" : "hidden_size", mobile.thin);
  mobile.norms =
      fields.optional_choice("normalization_type", {"no_norm", "layer_norm"}).value_or("no_norm") ==
      "layer_norm";
  mobile.pooler = flag("classifier_activation", true);
  mobile.activation = read_activation(fields, "hidden_act", "relu");
  mobile.epsilon =
      static_cast<float>(fields.optional_number("layer_norm_eps", 0, 1).value_or(1e-12));
  mobile.tied = config.tie_word_embeddings;
  if (mobile.word_width > mobile.hidden) fields.refuse("embedding_size", "at most hidden_size");
  if (mobile.bottleneck && !mobile.thin_values && !mobile.shared_queries &&
      mobile.thin != mobile.hidden) {
    fields.refuse("key_query_shared_bottleneck",
                  "true: queries as wide as the hidden states do not fit the layers");
  }
  require_false(fields, {"is_decoder", "add_cross_attention", "is_encoder_decoder"});
  fields.ignore({"true_hidden_size"});  // follows from the others
  return mobile;
}

/// LayerNorm, or a factor and a term for each column, of x or of x + residual.
struct MobileNorm {
  LayerNorm weights;
  bool norms = false;

  Variable operator()(Variable x) const {
    return norms ? weights(x) : affine(std::move(x), weights.gain, weights.bias);
  }
  Variable operator()(Variable x, const Variable& residual) const {
    return norms ? weights(std::move(x), residual)
                 : affine(add(std::move(x), residual), weights.gain, weights.bias);
  }
};

constexpr float kOwnEpsilon = 1e-5F;  // of two norms that layer_norm_eps does not reach

/// norm(dense(x) + residual)
struct DenseNorm {
  Linear dense;
  MobileNorm norm;

  DenseNorm() = default;
  DenseNorm(const MobileBertConfig& mobile, const ModuleReader& reader, const std::string& name,
            std::int64_t outputs, std::int64_t inputs, float epsilon)
      : dense(reader.linear(name + ".dense", outputs, inputs)),
        norm{reader.layer_norm(name + ".LayerNorm", outputs, epsilon), mobile.norms} {}
  DenseNorm(const MobileBertConfig& mobile, const ModuleReader& reader, const std::string& name,
            std::int64_t outputs, std::int64_t inputs)
      : DenseNorm(mobile, reader, name, outputs, inputs, mobile.epsilon) {}

  Variable operator()(const Variable& x) const { return norm(dense(x)); }
  Variable operator()(const Variable& x, const Variable& residual) const {
    return norm(dense(x), residual);
  }
};

struct FeedForward {
  Linear up;
  DenseNorm down;
  Variable operator()(const Variable& x, Activation kind) const {
    return down(activation(kind, up(x)), x);
  }
};

class MobileBertLayer {
 public:
  MobileBertLayer(const MobileBertConfig& mobile, std::int64_t index, const ModuleReader& reader)
      : heads_(mobile.heads),
        scale_(1.0F / std::sqrt(static_cast<float>(mobile.thin / mobile.heads))),
        activation_(mobile.activation),
        bottleneck_(mobile.bottleneck),
        thin_values_(mobile.thin_values),
        shared_(mobile.bottleneck && !mobile.thin_values && mobile.shared_queries) {
    const std::int64_t thin = mobile.thin, hidden = mobile.hidden;
    const std::string prefix = fmt::format("encoder.layer.{}.", index);
    const std::string self = prefix + "attention.self.";
    if (mobile.bottleneck) {
      squeeze_ = DenseNorm(mobile, reader, prefix + "bottleneck.input", thin, hidden);
      const std::string shared = prefix + "bottleneck.attention";
      if (shared_) {
        squeeze_queries_ = DenseNorm(mobile, reader, shared, thin, hidden);
      } else if (mobile.shared_queries) {  // there, but nobody reads it
        for (const char* part :
             {".dense.weight", ".dense.bias", ".LayerNorm.weight", ".LayerNorm.bias"}) {
          reader.skip(shared + part);
        }
      }
      expand_ = DenseNorm(mobile, reader, prefix + "output.bottleneck", hidden, thin);
    }
    queries_ = reader.linear(self + "query", thin, thin);
    keys_ = reader.linear(self + "key", thin, thin);
    values_ = reader.linear(self + "value", thin, mobile.thin_values ? thin : hidden);
    attended_ = DenseNorm(mobile, reader, prefix + "attention.output", thin, thin);
    for (std::int64_t i = 0; i + 1 < mobile.feed_forwards; ++i) {
      const std::string ffn = fmt::format("{}ffn.{}.", prefix, i);
      extra_.push_back({reader.linear(ffn + "intermediate.dense", mobile.intermediate, thin),
                        DenseNorm(mobile, reader, ffn + "output", thin, mobile.intermediate)});
    }
    last_ = {reader.linear(prefix + "intermediate.dense", mobile.intermediate, thin),
             DenseNorm(mobile, reader, prefix + "output", thin, mobile.intermediate, kOwnEpsilon)};
  }

  Variable operator()(const Variable& x, const Batch& batch, const ReadRows* read,
                      Tensor* probabilities) const {
    DistanceAttentionShape shape{.heads = heads_,
                                 .scale = scale_,
                                 .query_offsets = batch.offsets,
                                 .key_offsets = batch.offsets,
                                 .hidden = batch.hidden};
    const Variable thin = bottleneck_ ? squeeze_(x) : x;
    const Variable source = shared_ ? squeeze_queries_(x) : bottleneck_ && !thin_values_ ? x : thin;
    const Variable& from = thin_values_ ? thin : x;
    const auto wanted = [&](const Variable& rows) { return query_rows(rows, read, shape); };
    const Variable mixed = distance_attention(
        queries_(wanted(source)), side_by_side(keys_(source), values_(from)), shape, probabilities);
    Variable y = attended_(mixed, wanted(thin));
    for (const FeedForward& feed_forward : extra_) y = feed_forward(y, activation_);
    y = last_(y, activation_);
    return bottleneck_ ? expand_(y, wanted(x)) : y;
  }

 private:
  std::int64_t heads_;
  float scale_;
  Activation activation_;
  bool bottleneck_, thin_values_, shared_;
  DenseNorm squeeze_, squeeze_queries_, attended_, expand_;
  Linear queries_, keys_, values_;
  std::vector<FeedForward> extra_;
  FeedForward last_;
};

class MobileBert : public Encoder {
 public:
  MobileBert(HeadKind head, const MobileBertConfig& mobile, std::int64_t labels,
             const ModuleReader& reader)
      : trigram_(mobile.trigram) {
    const std::int64_t hidden = mobile.hidden;
    words_ = reader.embedding("embeddings.word_embeddings", mobile.vocabulary, mobile.word_width);
    positions_ = reader.embedding("embeddings.position_embeddings", mobile.max_positions, hidden);
    types_ = reader.embedding("embeddings.token_type_embeddings", mobile.types, hidden);
    if (mobile.trigram || mobile.word_width != hidden) {
      widen_ = reader.linear("embeddings.embedding_transformation", hidden,
                             mobile.trigram ? 3 * mobile.word_width : mobile.word_width);
    } else {
      reader.skip("embeddings.embedding_transformation.weight");
      reader.skip("embeddings.embedding_transformation.bias");
    }
    embedding_norm_ = {reader.layer_norm("embeddings.LayerNorm", hidden, kOwnEpsilon),
                       mobile.norms};
    for (std::int64_t index = 0; index < mobile.layers; ++index) {
      layers_.emplace_back(mobile, index, reader);
    }
    read_mobile_head(head, mobile, labels, reader);
    shape_.head = head;
    shape_.vocabulary = mobile.vocabulary;
    shape_.types = mobile.types;
    shape_.max_positions = mobile.max_positions;
    shape_.keeps_masked = mobile.trigram;  // words see what stands beside them, masked or not
    shape_.hidden = hidden;
    shape_.word_width = mobile.word_width;
    shape_.position_width = hidden;
    shape_.layers = mobile.layers;
    shape_.heads = mobile.heads;
    shape_.outputs = head_.output ? head_.output.weights().outputs() : hidden;
    shape_.tracked_floats_per_token =
        5 * hidden + mobile.layers * (hidden + 12 * mobile.thin +
                                      mobile.feed_forwards * (mobile.intermediate + mobile.thin));
    shape_.untracked_floats_per_token = 4 * hidden + 8 * mobile.thin + mobile.intermediate;
  }

 protected:
  Variable input(Variable words, const Batch& batch, Tap& tap) const override {
    Variable x = std::move(words);
    if (trigram_) x = neighbours(x, batch.offsets, batch.columns, {1, 0, -1});
    if (widen_) x = widen_(x);
    const Variable places =
        tap("position-embeddings", [&] { return Variable(gather(positions_, batch.positions)); });
    return embedding_norm_(add(std::move(x), places), Variable(gather(types_, batch.types)));
  }

  Variable layer(std::int64_t index, const Variable& x, const Batch& batch, const ReadRows* read,
                 Tap& tap) const override {
    return with_attentions(index, tap, [&](Tensor* probabilities) {
      return layers_[static_cast<std::size_t>(index)](x, batch, read, probabilities);
    });
  }

 private:
  void read_mobile_head(HeadKind head, const MobileBertConfig& mobile, std::int64_t labels,
                        const ModuleReader& reader) {
    if (head == HeadKind::masked_lm) return read_masked_head(mobile, reader);
    HeadRecipes recipes{.sequence = {.output = "classifier"}, .masked = {}};
    if (mobile.pooler) {
      recipes.sequence.dense = "pooler.dense";
      recipes.sequence.dense_of_base = true;
      recipes.sequence.activation = Activation::tanh;
    } else {
      reader.skip("pooler.dense.weight");
      reader.skip("pooler.dense.bias");
    }
    head_ = read_head(head, recipes, {.hidden = mobile.hidden, .labels = labels}, reader);
  }

  /// Words are narrower than hidden states: the decoder's matrix is the word table beside another.
  void read_masked_head(const MobileBertConfig& mobile, const ModuleReader& reader) {
    const ModuleReader top = reader.head();
    const std::string predictions = "cls.predictions.";
    const std::int64_t hidden = mobile.hidden, words = mobile.word_width;
    head_.dense = top.linear(predictions + "transform.dense", hidden, hidden);
    head_.activation = mobile.activation;
    head_.norm = top.layer_norm(predictions + "transform.LayerNorm", hidden, mobile.epsilon);
    const Shape table{mobile.vocabulary, words};
    const std::string decoder = predictions + "decoder.weight";
    const Tensor left = mobile.tied ? reader.tensor("embeddings.word_embeddings.weight", table)
                                    : top.tensor(decoder, table);
    if (mobile.tied) top.skip(decoder);
    top.skip(predictions + "decoder.bias");
    const Tensor right =
        top.tensor(predictions + "dense.weight", {hidden - words, mobile.vocabulary});
    auto whole = std::make_shared<Tensor>(Tensor::uninitialized({mobile.vocabulary, hidden}));
    for (std::int64_t id = 0; id < mobile.vocabulary; ++id) {
      std::copy_n(left.row(id), words, whole->row(id));
      for (std::int64_t i = words; i < hidden; ++i) whole->row(id)[i] = right.row(i - words)[id];
    }
    const Tensor bias = top.tensor(predictions + "bias", {mobile.vocabulary});
    head_.output = Linear(std::make_shared<const LinearWeights>(
        std::vector<MatrixSource>{{whole->data(), DType::f32, mobile.vocabulary, hidden, whole}},
        std::vector<float>(bias.values().begin(), bias.values().end())));
  }

  bool trigram_;
  EmbeddingTable positions_, types_;
  Linear widen_;
  MobileNorm embedding_norm_;
  std::vector<MobileBertLayer> layers_;
};

}  // namespace

std::unique_ptr<const Network> make_mobilebert(HeadKind head, const ModelConfig& config,
                                               Checkpoint& checkpoint) {
  return std::make_unique<MobileBert>(head, read_config(config), config.num_labels(),
                                      ModuleReader(checkpoint, "mobilebert."));
}

}  // namespace pellucid
