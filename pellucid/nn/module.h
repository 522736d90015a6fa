// SPDX-License-Identifier: Apache-2.0
// The parts that model graphs are put together from: weights of a checkpoint that can be applied.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/io/checkpoint.h"
#include "pellucid/ops/embedding.h"
#include "pellucid/ops/layer_norm.h"
#include "pellucid/ops/linear.h"

namespace pellucid {

/// y = x W^T + b
class Linear {
 public:
  Linear() = default;
  explicit Linear(std::shared_ptr<const LinearWeights> weights) : weights_(std::move(weights)) {}
  Variable operator()(const Variable& x) const { return linear(x, *weights_); }
  explicit operator bool() const { return weights_ != nullptr; }
  const LinearWeights& weights() const { return *weights_; }

 private:
  std::shared_ptr<const LinearWeights> weights_;
};

struct LayerNorm {
  Tensor gain;
  Tensor bias;
  float epsilon = 0;

  explicit operator bool() const { return gain.defined(); }
  Variable operator()(const Variable& x) const { return layer_norm(x, gain, bias, epsilon); }
  /// Of x + residual, in one pass.
  Variable operator()(Variable x, const Variable& residual) const {
    return add_layer_norm(std::move(x), residual, gain, bias, epsilon);
  }
};

/// A 1-wide convolution: a matrix for each group of channels.
struct GroupedName {
  std::string name;
  std::int64_t groups = 1;
};

/// Reads modules out of a checkpoint whose names may or may not begin with the base model's prefix
/// ("bert.").
class ModuleReader {
 public:
  /// prefix: of the base model, with its dot.
  ModuleReader(Checkpoint& checkpoint, std::string prefix);

  /// NAME.weight [outputs, inputs] and NAME.bias [outputs]. Names of the base model get the prefix;
  /// heads are read with `head`.
  Linear linear(const std::string& name, std::int64_t outputs, std::int64_t inputs,
                bool has_bias = true) const;
  /// Several of the same input width as one product, in the order given.
  Linear stacked(const std::vector<std::string>& names, std::int64_t outputs_each,
                 std::int64_t inputs, bool has_bias = true) const;
  /// The same for convolutions with weights [outputs, inputs / groups, 1]: the product's matrix has
  /// zeros where a group does not see another's channels.
  Linear convolutions(const std::vector<GroupedName>& names, std::int64_t outputs_each,
                      std::int64_t inputs) const;
  LayerNorm layer_norm(const std::string& name, std::int64_t width, float epsilon,
                       bool has_bias = true) const;
  EmbeddingTable embedding(const std::string& name, std::int64_t rows, std::int64_t width) const;
  /// A matrix of another module (a tied embedding) with the bias called `bias_name`, if not empty.
  Linear tied(const std::string& matrix_name, const std::string& bias_name, std::int64_t outputs,
              std::int64_t inputs) const;
  /// NAME itself, [outputs, inputs], for products put together by hand.
  MatrixSource matrix(const std::string& name, std::int64_t outputs, std::int64_t inputs) const;
  /// NAME itself, of whatever shape, for matrices that are stored in more dimensions than two.
  MatrixSource blocks(const std::string& name, const std::vector<std::int64_t>& shape) const;
  /// Numbers that are no matrix of a product: NAME itself.
  Tensor tensor(const std::string& name, const Shape& shape) const;
  bool has(const std::string& name) const;
  /// Counts as used: the model needs it not, or has it under another name.
  void skip(const std::string& name) const;
  const std::string& checkpoint_name() const { return checkpoint_->name(); }

  /// The same checkpoint, names taken as they are: for heads beside the base model.
  ModuleReader head() const { return {*checkpoint_, ""}; }

 private:
  MatrixSource block_diagonal(const GroupedName& name, std::int64_t outputs,
                              std::int64_t inputs) const;
  std::vector<float> vector(const std::string& name, std::int64_t size) const;

  Checkpoint* checkpoint_;
  std::string prefix_;
};

}  // namespace pellucid
