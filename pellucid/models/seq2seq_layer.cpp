// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/seq2seq_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "pellucid/ops/add.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

/// Rows of one layer that the caches hold, one sequence after the other.
Variable cached_rows(const DecoderRows& rows, std::size_t layer,
                     const std::vector<std::int64_t>& offsets, std::int64_t width) {
  Tensor all = Tensor::uninitialized({offsets.back(), width});
  for (std::size_t s = 0; s < rows.caches.size(); ++s) {
    const std::vector<float>& cached = rows.caches[s]->layer(layer);
    std::copy(cached.begin(), cached.end(), all.row(offsets[s]));
  }
  return Variable(all);
}

std::int64_t row_count(const KeyValueCache& cache, std::size_t layer, std::int64_t width) {
  return static_cast<std::int64_t>(cache.layer(layer).size()) / width;
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

void DecoderRows::prepare(std::int64_t memory_width, std::size_t first_memory) {
  key_offsets = offsets;
  if (!caches.empty()) memory_offsets = {0};
  std::int64_t cached = 0;
  for (std::size_t s = 0; s < caches.size(); ++s) {
    cached += caches[s]->tokens();
    key_offsets[s + 1] += cached;
    memory_offsets.push_back(memory_offsets.back() +
                             row_count(*caches[s], first_memory, memory_width));
  }
  const auto place = [&](std::int64_t row) {
    const auto end = std::upper_bound(offsets.begin(), offsets.end(), row);
    return key_offsets[static_cast<std::size_t>(end - offsets.begin())] - (*end - row);
  };
  for (std::int64_t row = 0; row < offsets.back(); ++row) places.push_back(place(row));
  for (const std::int64_t row : reads) read_places.push_back(place(row));
}

Seq2SeqLayer::Seq2SeqLayer(const Seq2SeqOptions& options, const StackOptions& stack,
                           std::size_t index, const ModuleReader& reader)
    : name_(fmt::format("{}layer.{}", options.has_decoder ? stack.name + "." : "", index)),
      index_(index),
      layers_(static_cast<std::size_t>(stack.layers)),
      memory_width_(2 * stack.heads * stack.head_width) {
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
  const std::string name = name_ + ".attentions";
  Tensor probabilities;
  const bool wanted = tap.wanted(name);
  Variable y = self_residual_.out(
      x, self_(self_residual_.in(x), shape, wanted ? &probabilities : nullptr));
  if (wanted) tap(name, Variable(probabilities));
  return mlp_residual_.out(y, mlp_(mlp_residual_.in(y)));
}

Variable Seq2SeqLayer::decode(const Variable& x, const Variable& memory, const DecoderRows& rows,
                              const AttentionBias& bias, bool some, Tap& tap) const {
  const Variable residual = some ? select_rows(x, rows.reads) : x;
  Variable y = self_residual_.out(residual, attend_self(x, rows, bias, some, tap));
  y = cross_residual_.out(y, attend_memory(cross_residual_.in(y), memory, rows, some, tap));
  return mlp_residual_.out(y, mlp_(mlp_residual_.in(y)));
}

Variable Seq2SeqLayer::attend_self(const Variable& x, const DecoderRows& rows,
                                   const AttentionBias& bias, bool some, Tap& tap) const {
  const Variable normed = self_residual_.in(x);
  AttentionShape shape;
  shape.causal = true;
  shape.bias = bias;
  shape.query_offsets = some ? rows.read_offsets : rows.offsets;
  shape.key_offsets = rows.key_offsets;
  if (some || !rows.caches.empty()) {
    shape.query_rows = some ? rows.read_places : rows.places;
    Variable keys_values = self_.keys_values(normed);
    for (std::size_t s = 0; s < rows.caches.size(); ++s) {
      rows.caches[s]->append(index_,
                             keys_values.value.row_slice(rows.offsets[s], rows.offsets[s + 1]));
    }
    if (!rows.caches.empty()) {
      keys_values = cached_rows(rows, index_, rows.key_offsets, keys_values.width());
    }
    return self_(some ? select_rows(normed, rows.reads) : normed, keys_values, shape, nullptr);
  }
  const std::string name = name_ + ".attentions";
  Tensor probabilities;
  const bool wanted = tap.wanted(name);
  Variable mixed = self_(normed, shape, wanted ? &probabilities : nullptr);
  if (wanted) tap(name, Variable(probabilities));
  return mixed;
}

Variable Seq2SeqLayer::attend_memory(const Variable& x, const Variable& memory,
                                     const DecoderRows& rows, bool some, Tap& tap) const {
  AttentionShape shape;
  shape.query_offsets = some ? rows.read_offsets : rows.offsets;
  shape.key_offsets = rows.memory_offsets;
  const Variable keys_values =
      rows.caches.empty() ? cross_.keys_values(memory)
                          : cached_rows(rows, layers_ + index_, rows.memory_offsets, memory_width_);
  const std::string name = name_ + ".cross-attentions";
  Tensor probabilities;
  const bool wanted = tap.wanted(name);
  Variable mixed = cross_(x, keys_values, shape, wanted ? &probabilities : nullptr);
  if (wanted) tap(name, Variable(probabilities));
  return mixed;
}

}  // namespace pellucid
