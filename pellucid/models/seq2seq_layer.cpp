// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/seq2seq_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "pellucid/ops/add.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

std::vector<std::int64_t> every_row(std::int64_t count) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

Norm read_norm(const Seq2SeqOptions& options, const std::string& name, const ModuleReader& reader) {
  NormBlock block{reader.tensor(name + ".weight", {options.hidden}), {}, 1};
  if (options.biases) block.bias = reader.tensor(name + ".bias", {options.hidden});
  return {{block}, options.norm, options.epsilon};
}

Variable Residual::out(const Variable& x, Variable y) const {
  y = add(std::move(y), x);
  return before ? y : norm(std::move(y));
}

Seq2SeqAttention::Seq2SeqAttention(const Seq2SeqOptions& options, const StackOptions& stack,
                                   const std::string& name, const ModuleReader& reader)
    : heads_(stack.heads) {
  const std::int64_t width = stack.heads * stack.head_width, hidden = options.hidden;
  const std::string query = name + "." + stack.query, key = name + "." + stack.key;
  const std::string value = name + "." + stack.value;
  if (options.scaled_scores) {
    scale_ = static_cast<float>(1 / std::sqrt(static_cast<double>(stack.head_width)));
  }
  // They share the file's memory, and each is packed only if it is used.
  qkv_ = reader.stacked({query, key, value}, width, hidden, options.biases);
  queries_ = reader.linear(query, width, hidden, options.biases);
  keys_values_ = reader.stacked({key, value}, width, hidden, options.biases);
  output_ = reader.linear(name + "." + stack.output, hidden, width, options.biases);
}

Variable Seq2SeqAttention::operator()(const Variable& x, AttentionShape shape,
                                      Tensor* probabilities) const {
  shape.heads = heads_;
  shape.scale = scale_;
  return output_(self_attention(qkv_(x), shape, probabilities));
}

Variable Seq2SeqAttention::operator()(const Variable& x, const Variable& others,
                                      AttentionShape shape, Tensor* probabilities) const {
  shape.heads = heads_;
  shape.scale = scale_;
  return output_(attention(queries_(x), others, shape, probabilities));
}

DecoderRows::DecoderRows(const std::vector<std::int64_t>& offsets,
                         std::vector<std::int64_t> rows_read,
                         std::vector<std::int64_t> offsets_read,
                         std::vector<std::int64_t> offsets_encoded)
    : cached(offsets, {}),
      reads(std::move(rows_read)),
      read_offsets(std::move(offsets_read)),
      places(cached.places(every_row(offsets.back()))),
      read_places(cached.places(reads)),
      encoder_offsets(std::move(offsets_encoded)) {}

DecoderRows::DecoderRows(const Batch& batch, std::span<KeyValueCache* const> caches)
    : cached(batch.offsets, caches),
      reads(batch.reads),
      read_offsets(batch.read_offsets),
      places(cached.places(every_row(batch.tokens()))),
      read_places(cached.places(reads)),
      encoder_offsets{0} {
  for (const KeyValueCache* cache : caches) {
    encoder_offsets.push_back(encoder_offsets.back() + cache->encoded().front().rows());
  }
}

std::int64_t DecoderRows::longest() const {
  std::int64_t result = 1;
  for (std::size_t s = 0; s + 1 < cached.key_offsets.size(); ++s) {
    result = std::max(result, cached.key_offsets[s + 1] - cached.key_offsets[s]);
  }
  return result;
}

Tensor DecoderRows::encoded(std::size_t layer) const {
  const Tensor& first = cached.caches.front()->encoded()[layer];
  if (cached.caches.size() == 1) return first;
  Tensor all = Tensor::uninitialized({encoder_offsets.back(), first.width()});
  for (std::size_t s = 0; s < cached.caches.size(); ++s) {
    const Tensor& rows = cached.caches[s]->encoded()[layer];
    std::copy_n(rows.data(), rows.size(), all.row(encoder_offsets[s]));
  }
  return all;
}

Seq2SeqLayer::Seq2SeqLayer(const Seq2SeqOptions& options, const StackOptions& stack,
                           std::size_t index, const ModuleReader& reader)
    : name_(fmt::format("{}layer.{}", options.has_decoder ? stack.name + "." : "", index)),
      index_(index) {
  const std::string prefix = fmt::format("{}.{}.{}.", stack.name, stack.layer_list, index);
  const auto residual = [&](const std::string& norm) {
    return Residual{read_norm(options, prefix + norm, reader), options.pre_norm};
  };
  self_ = {options, stack, prefix + stack.attention, reader};
  self_residual_ = residual(stack.attention_norm);
  if (stack.name == "decoder") {
    cross_ = {options, stack, prefix + stack.cross, reader};
    cross_residual_ = residual(stack.cross_norm);
  }
  std::vector<std::string> up;
  if (!stack.gate.empty()) up.push_back(prefix + stack.gate);
  up.push_back(prefix + stack.up);
  mlp_ = {options.activation, !stack.gate.empty(),
          reader.stacked(up, stack.intermediate, options.hidden, options.biases),
          reader.linear(prefix + stack.down, options.hidden, stack.intermediate, options.biases)};
  mlp_residual_ = residual(stack.mlp_norm);
}

bool Seq2SeqLayer::tapped(const Tap& tap) const {
  return tap.wanted(name_ + ".attentions") || tap.wanted(name_ + ".cross-attentions") ||
         tap.touched(hidden_tap());
}

Variable Seq2SeqLayer::encode(const Variable& x, const AttentionShape& shape, Tap& tap) const {
  Variable mixed = with_probabilities(name_ + ".attentions", tap, [&](Tensor* probabilities) {
    return self_(self_residual_.in(x), shape, probabilities);
  });
  const Variable y = self_residual_.out(x, std::move(mixed));
  return mlp_residual_.out(y, mlp_(mlp_residual_.in(y)));
}

Variable Seq2SeqLayer::decode(const Variable& x, const Variable& encoded, const DecoderRows& rows,
                              const AttentionBias& bias, bool some, Tap& tap) const {
  const Variable residual = some ? select_rows(x, rows.reads) : x;
  Variable y = self_residual_.out(residual, attend_self(x, rows, bias, some, tap));
  y = cross_residual_.out(y, attend_encoded(cross_residual_.in(y), encoded, rows, some, tap));
  return mlp_residual_.out(y, mlp_(mlp_residual_.in(y)));
}

Variable Seq2SeqLayer::attend_self(const Variable& x, const DecoderRows& rows,
                                   const AttentionBias& bias, bool some, Tap& tap) const {
  const Variable normed = self_residual_.in(x);
  AttentionShape shape;
  shape.causal = true;
  shape.bias = bias;
  shape.query_offsets = some ? rows.read_offsets : rows.cached.offsets;
  shape.key_offsets = rows.cached.key_offsets;
  if (!some && rows.cached.empty()) {
    return with_probabilities(name_ + ".attentions", tap, [&](Tensor* probabilities) {
      return self_(normed, shape, probabilities);
    });
  }
  shape.query_rows = some ? rows.read_places : rows.places;
  Variable keys_values = self_.keys_values(normed);
  if (!rows.cached.empty()) {
    keys_values = Variable(rows.cached.extended(index_, keys_values.value));
  }
  return self_(some ? select_rows(normed, rows.reads) : normed, keys_values, shape, nullptr);
}

Variable Seq2SeqLayer::attend_encoded(const Variable& x, const Variable& encoded,
                                      const DecoderRows& rows, bool some, Tap& tap) const {
  AttentionShape shape;
  shape.query_offsets = some ? rows.read_offsets : rows.cached.offsets;
  shape.key_offsets = rows.encoder_offsets;
  const Variable keys_values =
      rows.cached.empty() ? encoded_keys_values(encoded) : Variable(rows.encoded(index_));
  return with_probabilities(name_ + ".cross-attentions", tap, [&](Tensor* probabilities) {
    return cross_(x, keys_values, shape, probabilities);
  });
}

}  // namespace pellucid
