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

  Variable operator()(const Variable& x) const { return layer_norm(x, gain, bias, epsilon); }
  /// Of x + residual, in one pass.
  Variable operator()(Variable x, const Variable& residual) const {
    return add_layer_norm(std::move(x), residual, gain, bias, epsilon);
  }
};

/// Reads modules out of a checkpoint whose names may or may not begin with the base model's prefix
/// ("bert.").
class ModuleReader {
 public:
  /// prefix: of the base model, with its dot.
  ModuleReader(Checkpoint& checkpoint, std::string prefix);

  /// NAME.weight [outputs, inputs] and NAME.bias [outputs]. The first `base` form is for names of
  /// the base model, which get the prefix; heads are read with `head`.
  Linear linear(const std::string& name, std::int64_t outputs, std::int64_t inputs) const;
  /// Several of the same input width as one product, in the order given.
  Linear stacked(const std::vector<std::string>& names, std::int64_t outputs_each,
                 std::int64_t inputs) const;
  LayerNorm layer_norm(const std::string& name, std::int64_t width, float epsilon) const;
  EmbeddingTable embedding(const std::string& name, std::int64_t rows, std::int64_t width) const;
  /// A matrix of another module (a tied embedding) with the bias called `bias_name`.
  Linear tied(const std::string& matrix_name, const std::string& bias_name, std::int64_t outputs,
              std::int64_t inputs) const;
  bool has(const std::string& name) const;

  /// The same checkpoint, names taken as they are: for heads beside the base model.
  ModuleReader head() const { return {*checkpoint_, ""}; }

 private:
  MatrixSource matrix(const std::string& name, std::int64_t outputs, std::int64_t inputs) const;
  std::vector<float> vector(const std::string& name, std::int64_t size) const;

  Checkpoint* checkpoint_;
  std::string prefix_;
};

}  // namespace pellucid
