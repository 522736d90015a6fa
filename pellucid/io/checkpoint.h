// SPDX-License-Identifier: Apache-2.0
// The weights of a model folder by name: the first there of model.safetensors, the shards of
// model.safetensors.index.json, pytorch_model.bin, the shards of pytorch_model.bin.index.json. Old
// names (LayerNorm.gamma, LayerNorm.beta) are given as today's (LayerNorm.weight, LayerNorm.bias).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pellucid/io/safetensors.h"

namespace pellucid {

/// Cheap to copy; copies share the record of what was used. May be read from several threads.
class Checkpoint {
 public:
  /// Throws Error naming the file that is missing or wrong.
  static Checkpoint open(const std::string& folder);

  const std::string& name() const;         ///< of the weights' file, opens the messages
  std::vector<std::string> names() const;  ///< of all tensors, ascending
  bool contains(std::string_view name) const;

  /// Null: not there. Counts as use.
  const TensorView* find(std::string_view name) const;
  /// A floating tensor of this shape (-1: any size), else an Error that names the tensor, what was
  /// found and what was expected. Counts as use.
  const TensorView& require(std::string_view name, const std::vector<std::int64_t>& shape) const;
  /// require(), converted to target: [product of the shape]. NaN and infinity are noted in
  /// warnings().
  void read(std::string_view name, const std::vector<std::int64_t>& shape, float* target) const;

  std::vector<std::string> unused() const;    ///< names that nobody asked for, ascending
  std::vector<std::string> warnings() const;  ///< one line each
  std::size_t bytes() const;                  ///< of all tensors
  std::int64_t parameters() const;            ///< elements of the tensors that were used
  std::string main_dtype() const;             ///< the one that most bytes have: "f16"
  /// "NAME (2 NaN, 1 infinite)" for each floating tensor that holds such values. Reads all of them.
  std::vector<std::string> non_finite() const;

 private:
  struct Contents;
  explicit Checkpoint(std::shared_ptr<Contents> contents) : contents_(std::move(contents)) {}
  std::shared_ptr<Contents> contents_;
};

}  // namespace pellucid
