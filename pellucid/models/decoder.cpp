// SPDX-License-Identifier: Apache-2.0
// The graph of all decoders: embeddings, layers of causal attention and MLP, final norm, head.
// Vaswani et al. 2017, arXiv 1706.03762; Radford et al. 2019 (GPT-2); Touvron et al. 2023,
// arXiv 2302.13971 (LLaMA).
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/models/decoder_attention.h"
#include "pellucid/models/decoder_mlp.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/scale.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

class DecoderLayer {
 public:
  DecoderLayer(const DecoderOptions& options, std::size_t index, const DecoderReader& reader)
      : name_(fmt::format("layer.{}", index)),
        parallel_(options.parallel),
        normed_residual_(options.normed_residual),
        attention_(options, index, reader),
        mlp_(options, options.layers[index].sparse, reader) {
    const DecoderNames& names = options.names;
    attention_norm_ = reader.norm(names.attention_norm, options.hidden);
    mlp_norm_ = reader.norm(names.mlp_norm, options.hidden);
    attention_output_norm_ = reader.norm(names.attention_output_norm, options.hidden);
    mlp_output_norm_ = reader.norm(names.mlp_output_norm, options.hidden);
    attention_sum_norm_ = reader.norm(names.attention_sum_norm, options.hidden);
    mlp_sum_norm_ = reader.norm(names.mlp_sum_norm, options.hidden);
    for (const std::string& buffer : names.buffers) reader.skip(buffer);
  }

  Variable operator()(const Variable& x, const DecoderRun& run, Tap& tap) const {
    const Variable normed = attention_norm_(x);
    return finish(x, normed, attention_(normed, run, name_ + ".attentions", tap));
  }

  /// Only the rows that are read.
  Variable read_rows(const Variable& x, const DecoderRun& run) const {
    const Variable normed = attention_norm_(x);
    const Variable read_normed = select_rows(normed, run.batch.reads);
    return finish(select_rows(x, run.batch.reads), read_normed,
                  attention_(normed, read_normed, run));
  }

  const std::string& name() const { return name_; }
  /// True if somebody wants to see all rows of this layer.
  bool tapped(const Tap& tap) const {
    return tap.wanted(name_ + ".attentions") || tap.touched(name_ + ".hidden");
  }

 private:
  /// x: input of the layer   normed: what went into attention   mixed: what came out
  Variable finish(const Variable& x, const Variable& normed, Variable mixed) const {
    mixed = attention_output_norm_(std::move(mixed));
    if (parallel_) {
      Variable sum = add(mlp_(mlp_norm_ ? mlp_norm_(x) : normed), mixed);
      return add(std::move(sum), x);
    }
    const Variable attended =
        attention_sum_norm_(add(std::move(mixed), normed_residual_ ? normed : x));
    const Variable input = mlp_norm_(attended);
    Variable output = mlp_output_norm_(mlp_(input));
    return mlp_sum_norm_(add(std::move(output), normed_residual_ ? input : attended));
  }

  std::string name_;
  bool parallel_, normed_residual_;
  DecoderAttention attention_;
  DecoderMlp mlp_;
  Norm attention_norm_, mlp_norm_, attention_output_norm_, mlp_output_norm_;
  Norm attention_sum_norm_, mlp_sum_norm_;
};

class Decoder : public Network {
 public:
  Decoder(HeadKind head, DecoderOptions options, std::int64_t labels, Checkpoint& checkpoint)
      : options_(std::move(options)) {
    const DecoderReader reader(checkpoint, options_);
    const DecoderNames& names = options_.names;
    const std::int64_t hidden = options_.hidden;
    if (options_.embedding_width == 0) options_.embedding_width = hidden;
    words_ = reader.embedding(names.words, options_.vocabulary, options_.embedding_width);
    if (!names.positions.empty()) {
      positions_ = reader.embedding(names.positions,
                                    options_.max_positions + options_.position_offset, hidden);
    }
    embedding_norm_ = reader.norm(names.embedding_norm, hidden);
    if (options_.embedding_width != hidden) {
      project_in_ = reader.linear(names.project_in, hidden, options_.embedding_width, false);
      project_out_ = reader.linear(names.project_out, options_.embedding_width, hidden, false);
    }
    for (std::size_t index = 0; index < options_.layers.size(); ++index) {
      layers_.emplace_back(options_, index, reader.layer(index));
    }
    final_norm_ = reader.norm(names.final_norm, hidden);
    output_ = read_head(head, labels, reader);
    describe(head);
  }

  Variable operator()(const Batch& batch, Tap& tap) const override {
    if (shape_.pooled()) return run(pooled(batch), tap);
    return run(batch, tap);
  }

  Tensor extend(const Batch& batch, std::span<KeyValueCache* const> caches) const override {
    check(can_extend() && std::ssize(caches) == batch.sequences(),
          "{} caches for {} sequences of a model that {} be continued", caches.size(),
          batch.sequences(), can_extend() ? "can" : "cannot");
    Tap none;
    const Variable logits = run(batch, none, caches);
    for (std::size_t s = 0; s < caches.size(); ++s) {
      caches[s]->add_tokens(batch.offsets[s + 1] - batch.offsets[s]);
    }
    return logits.value;
  }

  bool causal() const override { return true; }

  bool can_extend() const override {
    return shape_.head == HeadKind::causal_lm &&
           std::none_of(options_.ropes.begin(), options_.ropes.end(),
                        [](const Rope& rope) { return rope.depends_on_length(); });
  }

  Tensor embed(std::span<const std::int32_t> ids) const override {
    return scale(Variable(gather(words_, ids)), options_.table_scale).value;
  }

  /// The last token that is not the padding token.
  std::int64_t pooled_position(std::span<const std::int32_t> ids) const override {
    auto last = static_cast<std::int64_t>(ids.size()) - 1;
    if (!options_.pad_id) return last;
    while (last > 0 && ids[std::size_t(last)] == *options_.pad_id) --last;
    return last;
  }

 private:
  Variable run(const Batch& batch, Tap& tap, std::span<KeyValueCache* const> caches = {}) const {
    const DecoderRun run(options_, batch, caches);
    Variable x = embedding_block(batch, tap);
    for (std::size_t index = 0; index + 1 < layers_.size(); ++index) {
      x = tap(layers_[index].name() + ".hidden", layers_[index](x, run, tap));
    }
    x = last_layer(x, run, tap);
    if (!output_) return tap("logits", std::move(x));
    Variable logits = output_(x);
    if (options_.logit_cap > 0 && shape_.head == HeadKind::causal_lm) {
      logits = scale(std::move(logits), 1 / options_.logit_cap);
      logits = scale(activation(Activation::tanh, std::move(logits)), options_.logit_cap);
    }
    return tap("logits", std::move(logits));
  }

  Variable embedding_block(const Batch& batch, Tap& tap) const {
    Variable x = tap("embeddings", [&] { return Variable(embed(batch.ids)); });
    x = scale(std::move(x), options_.embedding_scale);
    if (project_in_) x = project_in_(x);
    if (positions_.rows > 0) {
      x = add(tap("position-embeddings", [&] { return places(batch); }), x);
    }
    return tap("embedding-block", embedding_norm_(std::move(x)));
  }

  Variable places(const Batch& batch) const {
    std::vector<std::int32_t> rows = batch.positions;
    for (std::int32_t& row : rows) row += static_cast<std::int32_t>(options_.position_offset);
    return Variable(gather(positions_, rows));
  }

  /// The rows that the head reads, after the last layer and the final norm.
  Variable last_layer(const Variable& x, const DecoderRun& run, Tap& tap) const {
    const DecoderLayer& last = layers_.back();
    // Heads that pool go this way even where every sequence has one token: a sequence's bits must
    // not depend on the others.
    const bool some = shape_.pooled() || !run.batch.reads_all();
    if (some && !last.tapped(tap)) return final(last.read_rows(x, run));
    Variable all = tap(last.name() + ".hidden", final(last(x, run, tap)));
    return run.batch.reads_all() ? all : select_rows(all, run.batch.reads);
  }

  Variable final(Variable x) const {
    x = final_norm_(std::move(x));
    return project_out_ ? project_out_(x) : x;
  }

  Batch pooled(const Batch& batch) const {
    Batch result = batch;
    result.reads.clear();
    result.read_offsets = {0};
    for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
      const std::int64_t begin = batch.offsets[s], end = batch.offsets[s + 1];
      const std::span ids(batch.ids);
      result.reads.push_back(
          begin + pooled_position(ids.subspan(std::size_t(begin), std::size_t(end - begin))));
      result.read_offsets.push_back(std::ssize(result.reads));
    }
    return result;
  }

  Linear read_head(HeadKind head, std::int64_t labels, const DecoderReader& reader) const {
    const DecoderReader top = reader.top();
    const DecoderNames& names = options_.names;
    const std::int64_t width = options_.embedding_width, words = options_.vocabulary;
    switch (head) {
      case HeadKind::none:
        return {};
      case HeadKind::sequence_classification:
        return top.linear("score", labels, width, false);
      case HeadKind::token_classification:
        return top.linear(names.token_head, labels, width, true);
      case HeadKind::question_answering:
        return top.linear("qa_outputs", 2, width, true);
      case HeadKind::causal_lm:
        if (!options_.tied)
          return top.linear(names.language_head, words, width, options_.head_bias);
        top.skip(names.language_head + ".weight");
        return reader.tied(words, width, options_.head_bias);
      case HeadKind::masked_lm:
      case HeadKind::seq2seq_lm:
      case HeadKind::replaced_token_detection:
        break;
    }
    fail("a decoder has no head that fills in or checks tokens");
  }

  void describe(HeadKind head) {
    const std::int64_t hidden = options_.hidden, layers = std::ssize(layers_);
    const std::int64_t qkv = (options_.heads + 2 * options_.key_heads) * options_.head_width;
    shape_.head = head;
    shape_.vocabulary = options_.vocabulary;
    shape_.max_positions = options_.max_positions;
    shape_.positions_bounded = options_.bounded;
    shape_.positions_skip_masked = options_.count_kept;
    shape_.hidden = hidden;
    if (options_.embedding_width != hidden) shape_.word_width = options_.embedding_width;
    shape_.layers = layers;
    shape_.heads = options_.heads;
    shape_.outputs = output_ ? output_.weights().outputs() : options_.embedding_width;
    shape_.tracked_floats_per_token =
        2 * hidden + layers * (7 * hidden + 2 * qkv + 3 * options_.intermediate);
    shape_.untracked_floats_per_token = 6 * hidden + qkv + 3 * options_.intermediate;
  }

  DecoderOptions options_;
  EmbeddingTable words_, positions_;
  Norm embedding_norm_, final_norm_;
  Linear project_in_, project_out_, output_;
  std::vector<DecoderLayer> layers_;
};

}  // namespace

std::unique_ptr<const Network> make_decoder(HeadKind head, const DecoderOptions& options,
                                            std::int64_t labels, Checkpoint& checkpoint) {
  return std::make_unique<Decoder>(head, options, labels, checkpoint);
}

}  // namespace pellucid
