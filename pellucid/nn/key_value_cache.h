// SPDX-License-Identifier: Apache-2.0
// Keys and values that a model has computed for the tokens of one sequence: what comes after them
// need not compute them again. Copies are independent, so several continuations can share a
// beginning; what an encoder has left for its decoder they share in memory too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "pellucid/tensor/tensor.h"

namespace pellucid {

class KeyValueCache {
 public:
  /// Tokens that all layers have seen.
  std::int64_t tokens() const { return tokens_; }
  void add_tokens(std::int64_t count) { tokens_ += count; }

  /// Puts rows behind those of a layer.  rows: [count, width]
  void append(std::size_t layer, const Tensor& rows) {
    if (layers_.size() <= layer) layers_.resize(layer + 1);
    layers_[layer].insert(layers_[layer].end(), rows.data(), rows.data() + rows.size());
  }
  /// All rows of a layer, one after the other.
  const std::vector<float>& layer(std::size_t index) const { return layers_[index]; }

  /// Encoder-decoders: keys and values of the encoder's outputs, for each layer of the decoder.
  const std::vector<Tensor>& encoded() const { return encoded_; }
  void add_encoded(Tensor rows) { encoded_.push_back(std::move(rows)); }

 private:
  std::int64_t tokens_ = 0;
  std::vector<std::vector<float>> layers_;
  std::vector<Tensor> encoded_;
};

/// Where the rows of a batch stand behind those that caches hold, one for each sequence.
struct CachedRows {
  std::span<KeyValueCache* const> caches;  ///< empty: nothing came before the batch
  std::vector<std::int64_t> offsets;       ///< of the batch's sequences
  std::vector<std::int64_t> key_offsets;   ///< with what the caches hold

  CachedRows() = default;
  CachedRows(std::vector<std::int64_t> batch_offsets, std::span<KeyValueCache* const> before);

  bool empty() const { return caches.empty(); }
  /// The key rows that rows of the batch belong to.
  std::vector<std::int64_t> places(std::span<const std::int64_t> rows) const;
  /// Puts the batch's rows of a layer into the caches; returns all that they hold of it then, one
  /// sequence after the other.
  Tensor extended(std::size_t layer, const Tensor& rows) const;
};

}  // namespace pellucid
