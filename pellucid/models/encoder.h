// SPDX-License-Identifier: Apache-2.0
// Encoder: what all encoder graphs have in common: words in, a stack of layers, the rows that the
// head reads, the head. A family adds what stands between the words and the first layer, and the
// layer; its heads are data.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/models/network.h"
#include "pellucid/nn/module.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/select.h"

namespace pellucid {

/// A head by the names of its weights: output(norm(activation(dense(x)))), parts without a name
/// are not there.
struct HeadRecipe {
  std::string_view dense = {};
  bool dense_of_base = false;                 ///< `dense` gets the base model's prefix: a pooler
  std::optional<Activation> activation = {};  ///< none: the one that the configuration names
  std::string_view norm = {};
  std::string_view output = {};
  std::string_view bias = {};  ///< of a masked-LM head's output, where not `output`.bias
};

struct HeadRecipes {
  HeadRecipe sequence;
  HeadRecipe masked;
  HeadRecipe token{.output = "classifier"};
  HeadRecipe answer{.output = "qa_outputs"};
  HeadRecipe replaced = {};  ///< replaced-token detection
};

/// Which row, or mean of rows, a head for whole sequences reads.
enum class Pooling { first, last, mean };

/// What a head needs to know of the model below it.
struct HeadSizes {
  std::int64_t hidden = 0;
  std::int64_t dense = 0;  ///< outputs of `dense`; 0: hidden
  std::int64_t labels = 0;
  std::int64_t vocabulary = 0;
  float epsilon = 0;
  Activation activation = Activation::gelu;  ///< of recipes that name none
  /// The masked-LM decoder is this table of the base model, whatever the file holds; empty: not.
  std::string tied_to = {};
  bool dense_bias = true, norm_bias = true, output_bias = true;
};

struct EncoderHead {
  Linear dense;
  Activation activation = Activation::identity;
  LayerNorm norm;
  Linear output;
};

EncoderHead read_head(HeadKind kind, const HeadRecipes& recipes, const HeadSizes& sizes,
                      const ModuleReader& base);

/// The rows of a layer's output that are wanted, [sequences + 1] offsets into them.
struct ReadRows {
  std::vector<std::int64_t> rows, offsets;
};

/// The rows of x whose outputs are wanted; `shape` of the attention learns where they stand.
template <class AttentionKind>
Variable query_rows(const Variable& x, const ReadRows* read, AttentionKind& shape) {
  if (read == nullptr) return x;
  shape.query_offsets = read->offsets;
  shape.query_rows = read->rows;
  return select_rows(x, read->rows);
}

class Encoder : public Network {
 public:
  Variable operator()(const Batch& batch, Tap& tap) const final;
  Tensor embed(std::span<const std::int32_t> ids) const final;
  std::int64_t pooled_position(std::span<const std::int32_t> ids) const final;

 protected:
  /// words: [tokens, width of a word] -> input of the first layer, [tokens, hidden]
  virtual Variable input(Variable words, const Batch& batch, Tap& tap) const = 0;
  /// x: [tokens, hidden] -> output of layer `index`; only the rows of `read` if it is not null.
  virtual Variable layer(std::int64_t index, const Variable& x, const Batch& batch,
                         const ReadRows* read, Tap& tap) const = 0;
  /// compute(probabilities), null or what goes to "layer.INDEX.attentions".
  template <class Compute>
  static Variable with_attentions(std::int64_t index, Tap& tap, const Compute& compute) {
    return with_probabilities(fmt::format("layer.{}.attentions", index), tap, compute);
  }
  /// Between the last layer and the head.
  virtual Variable finish(Variable x) const { return x; }

  EmbeddingTable words_;
  EncoderHead head_;
  Pooling pooling_ = Pooling::first;
  std::int64_t attentions_per_layer_ = 1;

 private:
  Variable last_layers(Variable x, const Batch& batch, Tap& tap) const;
  Variable apply_head(Variable x, const Batch& batch, Tap& tap) const;
  bool tapped(std::int64_t layer, const Tap& tap) const;
};

}  // namespace pellucid
