// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/decoder_attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pellucid/ops/bfloat16.h"
#include "pellucid/tensor/convert.h"

namespace pellucid {
namespace {

struct Projections {
  Stack queries, keys, values;
};

/// Rows [begin, begin + count) of a projection.
Stack slice(const Stack& whole, std::int64_t begin, std::int64_t count) {
  Stack part{{whole.matrices.front().slice(begin, count)}, {}};
  if (!whole.bias.empty()) {
    part.bias.assign(whole.bias.begin() + begin, whole.bias.begin() + begin + count);
  }
  return part;
}

/// A fused projection is cut into groups of (queries, keys, values).
Projections read_projections(const DecoderOptions& options, const DecoderReader& reader) {
  const DecoderNames& names = options.names;
  const std::int64_t query_width = options.heads * options.head_width;
  const std::int64_t key_width = options.key_heads * options.head_width;
  const auto read = [&](const std::string& name, std::int64_t width) {
    return reader.stack(name, width, options.hidden, options.qkv_bias);
  };
  if (names.fused.empty()) {
    return {read(names.query, query_width), read(names.key, key_width),
            read(names.value, key_width)};
  }
  const Stack whole = read(names.fused, query_width + 2 * key_width);
  const std::int64_t queries = query_width / options.fused_groups;
  const std::int64_t keys = key_width / options.fused_groups;
  Projections result;
  for (std::int64_t group = 0; group < options.fused_groups; ++group) {
    const std::int64_t begin = group * (queries + 2 * keys);
    result.queries.add(slice(whole, begin, queries));
    result.keys.add(slice(whole, begin + queries, keys));
    result.values.add(slice(whole, begin + queries + keys, keys));
  }
  return result;
}

std::vector<NormBlock> head_norms(const DecoderOptions& options, const DecoderReader& reader,
                                  const std::string& name, std::int64_t heads) {
  switch (options.query_key_norm) {
    case QueryKeyNorm::none:
      break;
    case QueryKeyNorm::shared:
      return {reader.norm_block(name, options.head_width, heads, options.norm_bias)};
    case QueryKeyNorm::whole:
      return {reader.norm_block(name, heads * options.head_width, 1, options.norm_bias)};
    case QueryKeyNorm::own: {
      std::vector<NormBlock> blocks;
      for (std::int64_t head = 0; head < heads; ++head) {
        blocks.push_back(reader.norm_block(fmt::format("{}.norms.{}", name, head),
                                           options.head_width, 1, false));
      }
      return blocks;
    }
  }
  return {};
}

/// Slopes fall geometrically from head to head; where their number is no power of two, the rest lie
/// between.
std::vector<double> alibi_slopes(std::int64_t heads) {
  std::int64_t power = 1;
  while (2 * power <= heads) power *= 2;
  std::vector<double> slopes;
  for (std::int64_t i = 1; i <= power; ++i) {
    slopes.push_back(std::exp2(-8.0 * double(i) / double(power)));
  }
  for (std::int64_t i = 1; std::ssize(slopes) < heads; i += 2) {
    slopes.push_back(std::exp2(-4.0 * double(i) / double(power)));
  }
  return slopes;
}

/// To bfloat16 and back.
float rounded(double value) {
  const auto single = static_cast<float>(value);
  std::uint16_t half = 0;
  round_to_bf16(&single, 1, &half);
  return bfloat16_to_float(half);
}

/// key_offsets: of the sequences, the longest of which the table must cover
AttentionBias alibi_bias(const DecoderOptions& options,
                         const std::vector<std::int64_t>& key_offsets) {
  if (options.alibi == Alibi::none) return {};
  std::int64_t longest = 1;
  for (std::size_t s = 0; s + 1 < key_offsets.size(); ++s) {
    longest = std::max(longest, key_offsets[s + 1] - key_offsets[s]);
  }
  const bool exact = options.alibi == Alibi::exact;
  AttentionBias bias{Tensor::uninitialized({options.heads, longest}), exact ? longest - 1 : 0,
                     exact};
  const std::vector<double> slopes = alibi_slopes(options.heads);
  // The reference library's plain ("eager") attention adds Falcon's biases twice: with the scores
  // and once more with the mask.
  const double scale = 2 * double{options.layers.front().scale};
  for (std::int64_t head = 0; head < options.heads; ++head) {
    const double slope = slopes[std::size_t(head)];
    for (std::int64_t i = 0; i < longest; ++i) {
      bias.table.row(head)[i] =
          exact ? static_cast<float>(slope * double(i - bias.zero))
                : static_cast<float>(scale * double{rounded(double{rounded(slope)} * double(i))});
    }
  }
  return bias;
}

/// Columns [begin, begin + width) of a matrix.
Tensor columns(const Tensor& matrix, std::int64_t begin, std::int64_t width) {
  Tensor part = Tensor::uninitialized({matrix.rows(), width});
  for (std::int64_t r = 0; r < matrix.rows(); ++r) {
    std::copy_n(matrix.row(r) + begin, width, part.row(r));
  }
  return part;
}

}  // namespace

DecoderRun::DecoderRun(const DecoderOptions& options, const Batch& all,
                       std::span<KeyValueCache* const> before)
    : batch(all), cached(all.offsets, before) {
  bias = alibi_bias(options, cached.key_offsets);
  for (const Rope& rope : options.ropes) {
    angles.push_back(rope.angles(batch));
    read_angles.push_back(rope.angles(batch, batch.reads));
  }
}

DecoderAttention::DecoderAttention(const DecoderOptions& options, std::size_t layer,
                                   const DecoderReader& reader)
    : index_(layer),
      heads_(options.heads),
      key_heads_(options.key_heads),
      head_width_(options.head_width),
      interleaved_(options.interleaved),
      cap_(options.score_cap),
      layer_(options.layers[layer]) {
  const Projections projections = read_projections(options, reader);
  Stack keys_values = projections.keys, all = projections.queries;
  keys_values.add(projections.values);
  all.add(keys_values);
  qkv_ = all.linear();
  // The last layer computes queries for the rows that the head reads, keys and values for all.
  if (layer + 1 == options.layers.size()) {
    queries_ = projections.queries.linear();
    keys_values_ = keys_values.linear();
  }
  output_ = reader.linear(options.names.attention_output, options.hidden, heads_ * head_width_,
                          options.attention_bias);
  query_norm_ = {head_norms(options, reader, options.names.query_norm, heads_), options.norm,
                 options.epsilon};
  key_norm_ = {head_norms(options, reader, options.names.key_norm, key_heads_), options.norm,
               options.epsilon};
  norm_ = query_norm_;
  norm_.blocks.insert(norm_.blocks.end(), key_norm_.blocks.begin(), key_norm_.blocks.end());
}

AttentionShape DecoderAttention::shape(const DecoderRun& run) const {
  AttentionShape shape{heads_, layer_.scale, run.batch.offsets, run.batch.offsets, key_heads_};
  shape.causal = true;
  shape.window = layer_.window;
  if (layer_.window > 0) shape.key_places = run.batch.columns;
  shape.bias = run.bias;
  shape.cap = cap_;
  return shape;
}

/// Norms and turns the first `heads` heads of x.
Variable DecoderAttention::prepared(Variable x, const Norm& norm, std::int64_t heads,
                                    const std::vector<RotaryAngles>& angles) const {
  x = norm(std::move(x));
  if (angles.empty()) return x;
  return rotary(std::move(x), angles[layer_.rope], {heads, head_width_, interleaved_});
}

Variable DecoderAttention::operator()(const Variable& x, const DecoderRun& run,
                                      const std::string& name, Tap& tap) const {
  const Variable qkv = prepared(qkv_(x), norm_, heads_ + key_heads_, run.angles);
  if (!run.cached.empty()) {
    const std::int64_t width = heads_ * head_width_;
    return over_cache(Variable(columns(qkv.value, 0, width)),
                      columns(qkv.value, width, qkv.width() - width), run, true);
  }
  return output_(with_probabilities(name, tap, [&](Tensor* probabilities) {
    return self_attention(qkv, shape(run), probabilities);
  }));
}

Variable DecoderAttention::operator()(const Variable& x, const Variable& read,
                                      const DecoderRun& run) const {
  const Variable queries = prepared(queries_(read), query_norm_, heads_, run.read_angles);
  const Variable keys_values = prepared(keys_values_(x), key_norm_, key_heads_, run.angles);
  if (!run.cached.empty()) return over_cache(queries, keys_values.value, run, false);
  AttentionShape rows = shape(run);
  rows.query_offsets = run.batch.read_offsets;
  rows.query_rows = run.batch.reads;
  return output_(attention(queries, keys_values, rows));
}

/// Attention of new tokens to those of the caches and to themselves.
/// queries: those of all new tokens, or of the rows read   keys_values: of all new tokens
Variable DecoderAttention::over_cache(const Variable& queries, const Tensor& keys_values,
                                      const DecoderRun& run, bool all) const {
  const Variable rows(run.cached.extended(index_, keys_values));
  std::vector<std::int64_t> asked = run.batch.reads;
  if (all) {
    asked.resize(static_cast<std::size_t>(queries.rows()));
    std::iota(asked.begin(), asked.end(), 0);
  }
  const std::vector<std::int64_t> places = run.cached.places(asked);
  AttentionShape shape = this->shape(run);
  shape.query_offsets = all ? run.batch.offsets : run.batch.read_offsets;
  shape.key_offsets = run.cached.key_offsets;
  shape.query_rows = places;
  shape.key_places = {};  // no gaps: columns are places
  return output_(attention(queries, rows, shape));
}

}  // namespace pellucid
