// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/modernbert.h"

#include <cmath>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/io/config.h"
#include "pellucid/models/encoder.h"
#include "pellucid/nn/module.h"
#include "pellucid/nn/options.h"
#include "pellucid/nn/rope.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/attention.h"
#include "pellucid/ops/gated.h"
#include "pellucid/ops/rotary.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

struct ModernBertConfig {
  std::int64_t vocabulary, hidden, layers, heads, intermediate, max_positions;
  std::int64_t global_every, window;  ///< a local query sees keys less than so many places away
  double global_theta, local_theta;
  Activation activation, head_activation;
  float epsilon;
  bool attention_bias, mlp_bias, norm_bias, head_bias, decoder_bias, tied;
  Pooling pooling;

  bool global(std::int64_t layer) const { return layer % global_every == 0; }
};

ModernBertConfig read_config(const ModelConfig& config) {
  const JsonObject& fields = config.fields;
  ModernBertConfig modern{};
  const auto flag = [&](std::string_view key, bool usual) {
    return fields.optional_boolean(key).value_or(usual);
  };
  modern.vocabulary = config.size("vocab_size", kMaxVocabulary);
  modern.hidden = config.size("hidden_size");
  modern.layers = config.size("num_hidden_layers", kMaxLayers);
  modern.heads = config.heads("num_attention_heads", "hidden_size", modern.hidden);
  modern.intermediate = config.size("intermediate_size");
  modern.max_positions =
      fields.optional_integer("max_position_embeddings", 1, kMaxVocabulary).value_or(8192);
  modern.global_every =
      fields.optional_integer("global_attn_every_n_layers", 1, kMaxLayers).value_or(3);
  modern.window =
      fields.optional_integer("local_attention", 0, kMaxVocabulary).value_or(128) / 2 + 1;
  modern.global_theta = fields.optional_number("global_rope_theta", 0).value_or(160000);
  // null, unlike an absent key, means the global one.
  const double usual = fields.value("local_rope_theta") == nullptr ? 10000 : modern.global_theta;
  modern.local_theta = fields.optional_number("local_rope_theta", 0).value_or(usual);
  modern.activation = read_activation(fields, "hidden_activation", "gelu");
  modern.head_activation = read_activation(fields, "classifier_activation", "gelu");
  modern.epsilon = static_cast<float>(fields.optional_number("norm_eps", 0, 1).value_or(1e-5));
  modern.attention_bias = flag("attention_bias", false);
  modern.mlp_bias = flag("mlp_bias", false);
  modern.norm_bias = flag("norm_bias", false);
  modern.head_bias = flag("classifier_bias", false);
  modern.decoder_bias = flag("decoder_bias", true);
  modern.tied = config.tie_word_embeddings;
  modern.pooling =
      fields.optional_choice("classifier_pooling", {"cls", "mean"}).value_or("cls") == "mean"
          ? Pooling::mean
          : Pooling::first;
  if (modern.hidden / modern.heads % 2 != 0) {
    fields.refuse("num_attention_heads", "heads of an even width");
  }
  if (fields.has("rope_scaling")) fields.refuse("rope_scaling", "null for this model");
  const auto same = [&](std::string_view key, double number) {
    if (fields.optional_number(key).value_or(number) != number) {
      fields.refuse(key, fmt::format("{} for this model", number));
    }
  };
  same("partial_rotary_factor", 1);
  same("head_dim", static_cast<double>(modern.hidden / modern.heads));
  require_false(fields, {"is_decoder", "add_cross_attention", "is_encoder_decoder"});
  fields.ignore({"rope_scaling", "cls_token_id", "embedding_dropout", "mlp_dropout",
                 "initializer_cutoff_factor", "deterministic_flash_attn", "sparse_prediction",
                 "sparse_pred_ignore_index", "reference_compile", "repad_logits_with_grad",
                 "position_embedding_type", "layer_norm_eps"});
  return modern;
}

class ModernBertLayer {
 public:
  ModernBertLayer(const ModernBertConfig& modern, std::int64_t index, const ModuleReader& reader)
      : heads_(modern.heads),
        width_(modern.hidden / modern.heads),
        window_(modern.global(index) ? 0 : modern.window),
        activation_(modern.activation),
        rope_({.theta = modern.global(index) ? modern.global_theta : modern.local_theta,
               .dimensions = width_,
               .max_positions = modern.max_positions}) {
    const std::int64_t hidden = modern.hidden;
    const std::string prefix = fmt::format("layers.{}.", index);
    const auto norm = [&](const char* name) {
      return reader.layer_norm(prefix + name, hidden, modern.epsilon, modern.norm_bias);
    };
    if (index > 0) attention_norm_ = norm("attn_norm");
    mlp_norm_ = norm("mlp_norm");
    const MatrixSource qkv = reader.matrix(prefix + "attn.Wqkv.weight", 3 * hidden, hidden);
    Tensor bias;
    if (modern.attention_bias) bias = reader.tensor(prefix + "attn.Wqkv.bias", {3 * hidden});
    const auto rows = [&](std::int64_t begin, std::int64_t count) {
      std::vector<float> of_rows;
      if (bias.defined()) of_rows.assign(bias.data() + begin, bias.data() + begin + count);
      return Linear(std::make_shared<const LinearWeights>(
          std::vector<MatrixSource>{qkv.slice(begin, count)}, std::move(of_rows)));
    };
    // The last layer computes queries for the rows that the head reads, keys and values for all.
    qkv_ = rows(0, 3 * hidden);
    queries_ = rows(0, hidden);
    keys_values_ = rows(hidden, 2 * hidden);
    project_ = reader.linear(prefix + "attn.Wo", hidden, hidden, modern.attention_bias);
    up_ = reader.linear(prefix + "mlp.Wi", 2 * modern.intermediate, hidden, modern.mlp_bias);
    down_ = reader.linear(prefix + "mlp.Wo", hidden, modern.intermediate, modern.mlp_bias);
  }

  Variable operator()(const Variable& x, const Batch& batch, const ReadRows* read,
                      Tensor* probabilities) const {
    const Variable normed = attention_norm_ ? attention_norm_(x) : x;
    AttentionShape shape{heads_, 1.0F / std::sqrt(static_cast<float>(width_)), batch.offsets,
                         batch.offsets};
    shape.window = window_;
    shape.key_places = batch.columns;
    if (read == nullptr) {
      const Variable qkv = rotary(qkv_(normed), rope_.angles(batch), {2 * heads_, width_});
      return finish(x, self_attention(qkv, shape, probabilities));
    }
    const Variable queries = rotary(queries_(query_rows(normed, read, shape)),
                                    rope_.angles(batch, read->rows), {heads_, width_});
    const Variable keys_values =
        rotary(keys_values_(normed), rope_.angles(batch), {heads_, width_});
    return finish(select_rows(x, read->rows), attention(queries, keys_values, shape));
  }

 private:
  Variable finish(const Variable& x, const Variable& mixed) const {
    const Variable attended = add(project_(mixed), x);
    return add(down_(gated(activation_, up_(mlp_norm_(attended)))), attended);
  }

  std::int64_t heads_, width_, window_;
  Activation activation_;
  Rope rope_;
  Linear qkv_, queries_, keys_values_, project_, up_, down_;
  LayerNorm attention_norm_, mlp_norm_;
};

/// Every head but a bare model's has the same parts.
HeadRecipes recipes() {
  const auto head = [](std::string_view output) {
    return HeadRecipe{.dense = "head.dense", .norm = "head.norm", .output = output};
  };
  return {.sequence = head("classifier"),
          .masked = head("decoder"),
          .token = head("classifier"),
          .answer = head("classifier")};
}

class ModernBert : public Encoder {
 public:
  ModernBert(HeadKind head, const ModernBertConfig& modern, std::int64_t labels,
             const ModuleReader& reader) {
    words_ = reader.embedding("embeddings.tok_embeddings", modern.vocabulary, modern.hidden);
    embedding_norm_ =
        reader.layer_norm("embeddings.norm", modern.hidden, modern.epsilon, modern.norm_bias);
    for (std::int64_t index = 0; index < modern.layers; ++index) {
      layers_.emplace_back(modern, index, reader);
    }
    final_norm_ = reader.layer_norm("final_norm", modern.hidden, modern.epsilon, modern.norm_bias);
    head_ = read_head(head, recipes(),
                      {.hidden = modern.hidden,
                       .labels = labels,
                       .vocabulary = modern.vocabulary,
                       .epsilon = modern.epsilon,
                       .activation = modern.head_activation,
                       .tied_to = modern.tied ? "embeddings.tok_embeddings.weight" : "",
                       .dense_bias = modern.head_bias,
                       .norm_bias = modern.norm_bias,
                       .output_bias = modern.decoder_bias},
                      reader);
    pooling_ = modern.pooling;
    shape_.head = head;
    shape_.vocabulary = modern.vocabulary;
    shape_.max_positions = modern.max_positions;
    shape_.positions_bounded = false;
    shape_.hidden = modern.hidden;
    shape_.layers = modern.layers;
    shape_.heads = modern.heads;
    shape_.outputs = head_.output ? head_.output.weights().outputs() : modern.hidden;
    shape_.tracked_floats_per_token =
        2 * modern.hidden + modern.layers * (9 * modern.hidden + 4 * modern.intermediate);
    shape_.untracked_floats_per_token = 6 * modern.hidden + 3 * modern.intermediate;
  }

 protected:
  Variable input(Variable words, const Batch& /*batch*/, Tap& /*tap*/) const override {
    return embedding_norm_(words);
  }

  Variable layer(std::int64_t index, const Variable& x, const Batch& batch, const ReadRows* read,
                 Tap& tap) const override {
    return with_attentions(index, tap, [&](Tensor* probabilities) {
      return layers_[static_cast<std::size_t>(index)](x, batch, read, probabilities);
    });
  }

  Variable finish(Variable x) const override { return final_norm_(x); }

 private:
  LayerNorm embedding_norm_, final_norm_;
  std::vector<ModernBertLayer> layers_;
};

}  // namespace

std::unique_ptr<const Network> make_modernbert(HeadKind head, const ModelConfig& config,
                                               Checkpoint& checkpoint) {
  return std::make_unique<ModernBert>(head, read_config(config), config.num_labels(),
                                      ModuleReader(checkpoint, "model."));
}

}  // namespace pellucid
