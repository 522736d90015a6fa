// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/encoder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/ops/pool.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

const HeadRecipe& recipe_for(HeadKind kind, const HeadRecipes& recipes) {
  switch (kind) {
    case HeadKind::sequence_classification:
      return recipes.sequence;
    case HeadKind::token_classification:
      return recipes.token;
    case HeadKind::question_answering:
      return recipes.answer;
    case HeadKind::masked_lm:
      return recipes.masked;
    case HeadKind::replaced_token_detection:
      return recipes.replaced;
    case HeadKind::causal_lm:
    case HeadKind::seq2seq_lm:
    case HeadKind::none:
      break;
  }
  static const HeadRecipe kNone;
  return kNone;
}

/// The decoder of a masked-LM head. Files may hold its bias under either of two names, or both.
Linear read_decoder(const HeadRecipe& recipe, const HeadSizes& sizes, std::int64_t inputs,
                    const ModuleReader& base) {
  const ModuleReader top = base.head();
  const std::string own = std::string(recipe.output);
  const std::string other(recipe.bias);
  std::string bias;
  if (sizes.output_bias) {
    bias = own + ".bias";
    if (!other.empty() && (top.has(other) || !top.has(bias))) bias = other;
    top.skip(own + ".bias");  // the same numbers again
  }
  if (sizes.tied_to.empty()) return top.tied(own + ".weight", bias, sizes.vocabulary, inputs);
  top.skip(own + ".weight");  // the same numbers as the table
  return base.tied(sizes.tied_to, bias, sizes.vocabulary, inputs);
}

std::int64_t outputs_of(HeadKind kind, const HeadSizes& sizes) {
  if (kind == HeadKind::question_answering) return 2;
  if (kind == HeadKind::replaced_token_detection) return 1;
  return sizes.labels;
}

std::string hidden_tap(std::int64_t layer) { return fmt::format("layer.{}.hidden", layer); }

}  // namespace

EncoderHead read_head(HeadKind kind, const HeadRecipes& recipes, const HeadSizes& sizes,
                      const ModuleReader& base) {
  const HeadRecipe& recipe = recipe_for(kind, recipes);
  const ModuleReader top = base.head();
  EncoderHead head;
  if (kind != HeadKind::sequence_classification && recipes.sequence.dense_of_base) {
    for (const char* part : {".weight", ".bias"}) {  // a pooler that nobody reads
      base.skip(std::string(recipes.sequence.dense) + part);
    }
  }
  if (kind == HeadKind::none) return head;
  check(!recipe.output.empty(), "{}: a model of this type has no head of this kind",
        base.checkpoint_name());
  std::int64_t width = sizes.hidden;
  if (!recipe.dense.empty()) {
    if (sizes.dense > 0) width = sizes.dense;
    head.dense = (recipe.dense_of_base ? base : top)
                     .linear(std::string(recipe.dense), width, sizes.hidden, sizes.dense_bias);
    head.activation = recipe.activation.value_or(sizes.activation);
  }
  if (!recipe.norm.empty()) {
    head.norm = top.layer_norm(std::string(recipe.norm), width, sizes.epsilon, sizes.norm_bias);
  }
  head.output = kind == HeadKind::masked_lm
                    ? read_decoder(recipe, sizes, width, base)
                    : top.linear(std::string(recipe.output), outputs_of(kind, sizes), width);
  return head;
}

Tensor Encoder::embed(std::span<const std::int32_t> ids) const { return gather(words_, ids); }

std::int64_t Encoder::pooled_position(std::span<const std::int32_t> ids) const {
  if (pooling_ == Pooling::mean) return -1;
  return pooling_ == Pooling::first ? 0 : static_cast<std::int64_t>(ids.size()) - 1;
}

Variable Encoder::operator()(const Batch& batch, Tap& tap) const {
  Variable x = tap("embeddings", [&] { return Variable(gather(words_, batch.ids)); });
  x = tap("embedding-block", input(std::move(x), batch, tap));
  for (std::int64_t index = 0; index + 1 < shape_.layers; ++index) {
    x = tap(hidden_tap(index), layer(index, x, batch, nullptr, tap));
  }
  return tap("logits", apply_head(last_layers(std::move(x), batch, tap), batch, tap));
}

/// True if somebody wants to see all rows of a layer.
bool Encoder::tapped(std::int64_t layer, const Tap& tap) const {
  bool found = tap.touched(hidden_tap(layer));
  for (std::int64_t i = 0; i < attentions_per_layer_; ++i) {
    found =
        found || tap.wanted(fmt::format("layer.{}.attentions", layer * attentions_per_layer_ + i));
  }
  return found;
}

/// The rows that the head reads, after the last layer.
Variable Encoder::last_layers(Variable x, const Batch& batch, Tap& tap) const {
  const std::int64_t last = shape_.layers - 1;
  ReadRows read{batch.reads, batch.read_offsets};
  bool all = batch.reads_all();
  if (shape_.pooled()) {
    // Heads that pool read single rows even where every sequence has but one: a sequence's bits
    // must not depend on the others.
    all = pooling_ == Pooling::mean;
    const auto first = batch.offsets.begin(), end = batch.offsets.end();
    read.rows.assign(first, end - 1);
    if (pooling_ == Pooling::last) {
      std::transform(first + 1, end, read.rows.begin(), [](std::int64_t row) { return row - 1; });
    }
    read.offsets.resize(batch.offsets.size());
    std::iota(read.offsets.begin(), read.offsets.end(), 0);
  }
  if (last >= 0 && !all && !tapped(last, tap)) {
    return finish(layer(last, x, batch, &read, tap));
  }
  if (last >= 0) x = tap(hidden_tap(last), layer(last, x, batch, nullptr, tap));
  return finish(all ? std::move(x) : select_rows(x, read.rows));
}

Variable Encoder::apply_head(Variable x, const Batch& batch, Tap& tap) const {
  if (shape_.pooled() && pooling_ == Pooling::mean) x = mean_rows(x, batch.offsets);
  if (head_.dense) x = head_.dense(x);
  x = activation(head_.activation, std::move(x));
  if (head_.norm) x = head_.norm(x);
  if (shape_.pooled()) x = tap("pooled", std::move(x));
  return head_.output ? head_.output(x) : x;
}

}  // namespace pellucid
