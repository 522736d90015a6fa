// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/xlnet.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/io/config.h"
#include "pellucid/models/encoder.h"
#include "pellucid/nn/module.h"
#include "pellucid/nn/options.h"
#include "pellucid/ops/distance_attention.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

struct XlnetConfig {
  std::int64_t vocabulary, hidden, layers, heads, inner;
  std::int64_t clamp;  ///< distances beyond count as this; 0: they count as they are
  Activation activation, summary_activation;
  float epsilon;
  bool tied, summary_dense;
  Pooling pooling;
};

void read_summary(const JsonObject& fields, XlnetConfig& xlnet) {
  const std::string type =
      fields.optional_choice("summary_type", {"last", "first", "mean", "cls_index"})
          .value_or("last");
  // cls_index without an index is the last token too.
  xlnet.pooling = type == "first" ? Pooling::first : type == "mean" ? Pooling::mean : Pooling::last;
  xlnet.summary_dense = fields.optional_boolean("summary_use_proj").value_or(true);
  xlnet.summary_activation = Activation::tanh;
  if (fields.value("summary_activation") != nullptr) {  // null means none
    xlnet.summary_activation = fields.optional_text("summary_activation").value_or("").empty()
                                   ? Activation::identity
                                   : read_activation(fields, "summary_activation");
  }
  require_false(fields, {"summary_proj_to_labels"});
}

XlnetConfig read_config(const ModelConfig& config) {
  const JsonObject& fields = config.fields;
  XlnetConfig xlnet{};
  const auto key = [&](std::string_view own, std::string_view common) {
    return fields.has(common) ? common : own;
  };
  const std::string_view hidden_key = key("d_model", "hidden_size");
  xlnet.vocabulary = config.size(key("vocab_size", "n_token"), kMaxVocabulary);
  xlnet.hidden = config.size(hidden_key);
  xlnet.layers = config.size(key("n_layer", "num_hidden_layers"), kMaxLayers);
  xlnet.heads = config.heads(key("n_head", "num_attention_heads"), hidden_key, xlnet.hidden);
  xlnet.inner = config.size("d_inner");
  const std::int64_t width = xlnet.hidden / xlnet.heads;
  if (fields.optional_integer("d_head", 1, kMaxWidth).value_or(width) != width) {
    fields.refuse("d_head", fmt::format("{}, the width divided by the heads", width));
  }
  xlnet.activation = read_activation(fields, "ff_activation", "gelu");
  xlnet.epsilon =
      static_cast<float>(fields.optional_number("layer_norm_eps", 0, 1).value_or(1e-12));
  xlnet.clamp = std::max<std::int64_t>(
      fields.optional_integer("clamp_len", -1, kMaxVocabulary).value_or(-1), 0);
  xlnet.tied = config.tie_word_embeddings;
  fields.optional_choice("attn_type", {"bi"});
  require_false(fields, {"bi_data", "is_decoder", "add_cross_attention", "is_encoder_decoder"});
  read_summary(fields, xlnet);
  // Of memories and beams, of causal attention, or of training.
  fields.ignore({"mem_len", "reuse_len", "use_mems_eval", "use_mems_train", "same_length",
                 "start_n_top", "end_n_top", "untie_r", "summary_last_dropout",
                 "summary_first_dropout"});
  return xlnet;
}

/// NAME [inputs, heads, width], a matrix by columns.
MatrixSource by_columns(const ModuleReader& reader, const std::string& name, std::int64_t hidden,
                        std::int64_t heads) {
  MatrixSource source = reader.blocks(name, {hidden, heads, hidden / heads});
  source.outputs = source.inputs = source.transposed = hidden;
  return source;
}

Linear product(std::vector<MatrixSource> matrices, std::vector<float> bias = {}) {
  return Linear(std::make_shared<const LinearWeights>(std::move(matrices), std::move(bias)));
}

/// The vectors for distances up to a number that grows with the texts seen.
class RelativeVectors {
 public:
  /// bias: [hidden], what the queries of the distance term have in addition to those of the content
  RelativeVectors(const XlnetConfig& xlnet, MatrixSource matrix, Tensor bias)
      : heads_(xlnet.heads),
        clamp_(xlnet.clamp),
        bias_(std::move(bias)),
        linear_(product({std::move(matrix)})) {}

  /// For all distances below `length`. Kept as long as the network: tapes refer to it.
  const DistanceTerms* terms(std::int64_t length) const {
    const std::lock_guard lock(mutex_);
    if (made_.empty() || made_.back()->zero + 1 < length) {
      std::int64_t reach = kShortest;
      while (reach < length) reach *= 2;
      made_.push_back(make(reach));
    }
    return made_.back().get();
  }

 private:
  static constexpr std::int64_t kShortest = 128;

  /// sin(distance frequency) of all frequencies, then the cosines, for 1 - reach ... reach - 1.
  Tensor sinusoids(std::int64_t reach) const {
    const std::int64_t hidden = bias_.size(), half = (hidden + 1) / 2;
    Tensor rows = Tensor::uninitialized({2 * reach - 1, 2 * half});
    for (std::int64_t row = 0; row < rows.rows(); ++row) {
      std::int64_t distance = row - reach + 1;
      if (clamp_ > 0) distance = std::clamp(distance, -clamp_, clamp_);
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle =
            static_cast<double>(distance) *
            std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(hidden));
        rows.row(row)[i] = static_cast<float>(std::sin(angle));
        rows.row(row)[half + i] = static_cast<float>(std::cos(angle));
      }
    }
    return rows;
  }

  std::unique_ptr<const DistanceTerms> make(std::int64_t reach) const {
    auto terms = std::make_unique<DistanceTerms>();
    terms->keys = linear_(Variable(sinusoids(reach))).value;
    terms->bias = Tensor::zeros({heads_, terms->keys.rows()});
    const std::int64_t width = bias_.size() / heads_;
    for (std::int64_t row = 0; row < terms->keys.rows(); ++row) {
      terms->row.push_back(static_cast<std::int32_t>(row));
      for (std::int64_t i = 0; i < bias_.size(); ++i) {
        terms->bias.row(i / width)[row] += bias_.data()[i] * terms->keys.row(row)[i];
      }
    }
    terms->zero = reach - 1;
    return terms;
  }

  std::int64_t heads_, clamp_;
  Tensor bias_;
  Linear linear_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<const DistanceTerms>> made_;
};

/// The score is ((q + w) k + (q + r) d + (q + s) e) / sqrt(width) with d a vector for the distance
/// and e one for "same segment" or "another". q + w is what queries are here, so the other terms
/// have biases (r - w) d and (s - w) e.
class XlnetLayer {
 public:
  XlnetLayer(const XlnetConfig& xlnet, std::int64_t index, const ModuleReader& reader)
      : heads_(xlnet.heads),
        scale_(1.0F / std::sqrt(static_cast<float>(xlnet.hidden / xlnet.heads))) {
    tail_.mlp_activation = xlnet.activation;
    const std::int64_t hidden = xlnet.hidden, heads = xlnet.heads, width = hidden / heads;
    const std::string prefix = fmt::format("layer.{}.", index);
    const std::string attention = prefix + "rel_attn.";
    const Tensor w = reader.tensor(attention + "r_w_bias", {heads, width});
    Tensor r = reader.tensor(attention + "r_r_bias", {heads, width}).reshaped({hidden});
    const Tensor s = reader.tensor(attention + "r_s_bias", {heads, width});
    for (std::int64_t i = 0; i < hidden; ++i) r.data()[i] -= w.data()[i];
    segments_ = reader.tensor(attention + "seg_embed", {2, heads, width}).reshaped({2, hidden});
    segment_bias_ = Tensor::zeros({heads, 2});
    for (std::int64_t e = 0; e < 2; ++e) {
      for (std::int64_t i = 0; i < hidden; ++i) {
        segment_bias_.row(i / width)[e] += (s.data()[i] - w.data()[i]) * segments_.row(e)[i];
      }
    }
    const auto matrix = [&](const char* name) {
      return by_columns(reader, attention + name, hidden, heads);
    };
    queries_ = product({matrix("q")}, std::vector<float>(w.values().begin(), w.values().end()));
    keys_values_ = product({matrix("k"), matrix("v")});
    distances_ = std::make_unique<const RelativeVectors>(xlnet, matrix("r"), std::move(r));
    MatrixSource project = matrix("o");
    project.transposed = 0;  // this one is by rows
    tail_.project = product({std::move(project)});
    tail_.attention_norm = reader.layer_norm(attention + "layer_norm", hidden, xlnet.epsilon);
    tail_.up = reader.linear(prefix + "ff.layer_1", xlnet.inner, hidden);
    tail_.down = reader.linear(prefix + "ff.layer_2", hidden, xlnet.inner);
    tail_.mlp_norm = reader.layer_norm(prefix + "ff.layer_norm", hidden, xlnet.epsilon);
  }

  Variable operator()(const Variable& x, const Batch& batch, const ReadRows* read,
                      Tensor* probabilities) const {
    DistanceAttentionShape shape{.heads = heads_,
                                 .scale = scale_,
                                 .query_offsets = batch.offsets,
                                 .key_offsets = batch.offsets,
                                 .key_places = batch.columns,
                                 .distance = distances_->terms(longest(batch)),
                                 .segment = {segments_, segment_bias_, batch.types},
                                 .hidden = batch.hidden};
    const Variable rows = query_rows(x, read, shape);
    const Variable mixed =
        distance_attention(queries_(rows), keys_values_(x), shape, probabilities);
    return tail_(rows, mixed);
  }

 private:
  static std::int64_t longest(const Batch& batch) {
    std::int64_t length = 1;
    for (std::int64_t s = 0; s < batch.sequences(); ++s) {
      const auto begin = static_cast<std::size_t>(batch.offsets[static_cast<std::size_t>(s)]);
      const auto end = static_cast<std::size_t>(batch.offsets[static_cast<std::size_t>(s) + 1]);
      if (begin == end) continue;
      length = std::max<std::int64_t>(length, batch.columns[end - 1] - batch.columns[begin] + 1);
    }
    return length;
  }

  std::int64_t heads_;
  float scale_;
  Tensor segments_, segment_bias_;
  Linear queries_, keys_values_;
  std::unique_ptr<const RelativeVectors> distances_;
  PostNormTail tail_;
};

class Xlnet : public Encoder {
 public:
  Xlnet(HeadKind head, const XlnetConfig& xlnet, std::int64_t labels, const ModuleReader& reader) {
    words_ = reader.embedding("word_embedding", xlnet.vocabulary, xlnet.hidden);
    reader.skip("mask_emb");  // of the other stream
    for (std::int64_t index = 0; index < xlnet.layers; ++index) {
      layers_.push_back(std::make_unique<const XlnetLayer>(xlnet, index, reader));
    }
    HeadRecipes recipes{.sequence = {.output = "logits_proj"}, .masked = {.output = "lm_loss"}};
    if (xlnet.summary_dense) recipes.sequence.dense = "sequence_summary.summary";
    shape_.head = head;
    head_ = read_head(head, recipes,
                      {.hidden = xlnet.hidden,
                       .labels = labels,
                       .vocabulary = xlnet.vocabulary,
                       .tied_to = xlnet.tied ? "word_embedding.weight" : ""},
                      reader);
    if (shape_.pooled()) head_.activation = xlnet.summary_activation;
    pooling_ = xlnet.pooling;
    shape_.vocabulary = xlnet.vocabulary;
    shape_.types = kMaxLabels;       // only whether they are equal counts
    shape_.max_positions = 1 << 20;  // there is no limit
    shape_.positions_bounded = false;
    shape_.keeps_masked = true;  // every token sees itself, masked or not, and heads read the last
    shape_.hidden = xlnet.hidden;
    shape_.layers = xlnet.layers;
    shape_.heads = xlnet.heads;
    shape_.outputs = head_.output ? head_.output.weights().outputs() : xlnet.hidden;
    shape_.tracked_floats_per_token =
        xlnet.hidden + xlnet.layers * (9 * xlnet.hidden + 2 * xlnet.inner);
    shape_.untracked_floats_per_token = 6 * xlnet.hidden + xlnet.inner;
  }

 protected:
  Variable input(Variable words, const Batch& /*batch*/, Tap& /*tap*/) const override {
    return words;
  }

  Variable layer(std::int64_t index, const Variable& x, const Batch& batch, const ReadRows* read,
                 Tap& tap) const override {
    return with_attentions(index, tap, [&](Tensor* probabilities) {
      return (*layers_[static_cast<std::size_t>(index)])(x, batch, read, probabilities);
    });
  }

 private:
  std::vector<std::unique_ptr<const XlnetLayer>> layers_;
};

}  // namespace

std::unique_ptr<const Network> make_xlnet(HeadKind head, const ModelConfig& config,
                                          Checkpoint& checkpoint) {
  for (const std::string& name : config.architectures) {
    check(head != HeadKind::question_answering || name != "XLNetForQuestionAnswering",
          "{}: \"architectures\" names {}, a head that is not supported (the simple one is)",
          config.fields.name(), name);
  }
  return std::make_unique<Xlnet>(head, read_config(config), config.num_labels(),
                                 ModuleReader(checkpoint, "transformer."));
}

}  // namespace pellucid
