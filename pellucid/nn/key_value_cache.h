// SPDX-License-Identifier: Apache-2.0
// Keys and values that a causal model has computed for the tokens of one sequence: what comes after
// them need not compute them again. Copies are independent, so several continuations can share a
// beginning.
#pragma once

#include <cstddef>
#include <cstdint>
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
  std::size_t layers() const { return layers_.size(); }
  /// All rows of a layer, one after the other.
  const std::vector<float>& layer(std::size_t index) const { return layers_[index]; }

 private:
  std::int64_t tokens_ = 0;
  std::vector<std::vector<float>> layers_;
};

}  // namespace pellucid
