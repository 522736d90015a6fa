// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/seq2seq_stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "pellucid/models/relative_buckets.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/scale.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

/// sin(p w_i) in the first half of the columns, cos(p w_i) in the second, w_i = 10000^(-2 i /
/// width)
EmbeddingTable sinusoids(std::int64_t rows, std::int64_t width) {
  auto table = std::make_shared<std::vector<float>>();
  const std::int64_t sines = (width + 1) / 2;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      const std::int64_t pair = column < sines ? column : column - sines;
      const double angle = double(row) / std::pow(10000.0, 2.0 * double(pair) / double(width));
      table->push_back(static_cast<float>(column < sines ? std::sin(angle) : std::cos(angle)));
    }
  }
  const float* data = table->data();
  return {std::move(table), data, DType::f32, rows, width};
}

}  // namespace

Seq2SeqStack::Seq2SeqStack(const Seq2SeqOptions& options, const StackOptions& stack,
                           const std::string& words, std::int64_t vocabulary,
                           const ModuleReader& reader)
    : tap_prefix_(stack.name == "decoder" ? "decoder-" : ""),
      words_(reader.embedding(words, vocabulary, options.hidden)),
      table_scale_(options.table_scale),
      embedding_scale_(options.embedding_scale),
      place_offset_(options.places == PlaceTable::learned ? options.place_offset : 0),
      farthest_(options.farthest) {
  read_places(options, stack.name + ".embed_positions", reader);
  if (options.embedding_norm) {
    embedding_norm_ = read_norm(options, stack.name + ".layernorm_embedding", reader);
  }
  for (std::int64_t index = 0; index < stack.layers; ++index) {
    layers_.emplace_back(options, stack, static_cast<std::size_t>(index), reader);
  }
  if (options.pre_norm) {
    final_norm_ = read_norm(options, stack.name + "." + stack.final_norm, reader);
  }
  if (options.buckets > 0) {
    const std::string first = fmt::format("{}.{}.0.", stack.name, stack.layer_list);
    buckets_ = reader.tensor(first + stack.attention + ".relative_attention_bias.weight",
                             {options.buckets, stack.heads});
    reader.skip(first + stack.cross + ".relative_attention_bias.weight");  // of old files
  }
}

void Seq2SeqStack::read_places(const Seq2SeqOptions& options, const std::string& name,
                               const ModuleReader& reader) {
  if (options.places == PlaceTable::none) return;
  if (options.places == PlaceTable::sinusoidal && !reader.has(name + ".weight")) {
    places_ = sinusoids(options.max_positions, options.hidden);
  } else {
    places_ = reader.embedding(name, options.max_positions + place_offset_, options.hidden);
  }
}

Tensor Seq2SeqStack::embed(std::span<const std::int32_t> ids) const {
  return scale(Variable(gather(words_, ids)), table_scale_).value;
}

Variable Seq2SeqStack::embedding_block(std::span<const std::int32_t> ids,
                                       std::vector<std::int32_t> positions, Tap& tap) const {
  Variable x = tap(tap_prefix_ + "embeddings", [&] { return Variable(embed(ids)); });
  x = scale(std::move(x), embedding_scale_);
  if (places_.rows > 0) {
    for (std::int32_t& row : positions) row += static_cast<std::int32_t>(place_offset_);
    x = add(tap(tap_prefix_ + "position-embeddings",
                [&] { return Variable(gather(places_, positions)); }),
            x);
  }
  return tap(tap_prefix_ + "embedding-block", embedding_norm_(std::move(x)));
}

Variable Seq2SeqStack::encode(const Batch& batch, Tap& tap) const {
  Variable x = embedding_block(batch.ids, batch.positions, tap);
  AttentionShape shape;
  shape.query_offsets = shape.key_offsets = batch.offsets;
  if (buckets_.defined()) {
    const auto last = std::max_element(batch.columns.begin(), batch.columns.end());
    shape.bias = bucketed_bias(buckets_, last == batch.columns.end() ? 1 : *last + 1, farthest_);
    shape.key_places = batch.columns;
  }
  for (std::size_t index = 0; index < layers_.size(); ++index) {
    x = layers_[index].encode(x, shape, tap);
    if (index + 1 == layers_.size()) x = final_norm_(std::move(x));
    x = tap(layers_[index].hidden_tap(), std::move(x));
  }
  return x;
}

Variable Seq2SeqStack::decode(Variable x, const Variable& encoded, const DecoderRows& rows,
                              bool some, Tap& tap) const {
  AttentionBias bias;
  if (buckets_.defined()) bias = bucketed_bias(buckets_, rows.longest(), farthest_, true);
  for (std::size_t index = 0; index + 1 < layers_.size(); ++index) {
    x = layers_[index].decode(x, encoded, rows, bias, false, tap);
    x = tap(layers_[index].hidden_tap(), std::move(x));
  }
  const Seq2SeqLayer& last = layers_.back();
  const bool all = !some || last.tapped(tap);
  x = final_norm_(last.decode(x, encoded, rows, bias, !all, tap));
  if (!all) return x;
  x = tap(last.hidden_tap(), std::move(x));
  return some ? select_rows(x, rows.reads) : x;
}

}  // namespace pellucid
