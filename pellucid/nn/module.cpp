// SPDX-License-Identifier: Apache-2.0
#include "pellucid/nn/module.h"

#include <algorithm>
#include <utility>

#include "pellucid/base/error.h"

namespace pellucid {

ModuleReader::ModuleReader(Checkpoint& checkpoint, std::string prefix)
    : checkpoint_(&checkpoint), prefix_(std::move(prefix)) {
  const auto names = checkpoint.names();
  const bool prefixed = std::any_of(names.begin(), names.end(), [this](const std::string& name) {
    return name.starts_with(prefix_);
  });
  if (!prefixed) prefix_.clear();
}

bool ModuleReader::has(const std::string& name) const {
  return checkpoint_->contains(prefix_ + name);
}

MatrixSource ModuleReader::matrix(const std::string& name, std::int64_t outputs,
                                  std::int64_t inputs) const {
  const TensorView& view = checkpoint_->require(prefix_ + name, {outputs, inputs});
  return {view.data, view.dtype, outputs, inputs, view.owner};
}

std::vector<float> ModuleReader::vector(const std::string& name, std::int64_t size) const {
  std::vector<float> values(static_cast<std::size_t>(size));
  checkpoint_->read(prefix_ + name, {size}, values.data());
  return values;
}

Linear ModuleReader::linear(const std::string& name, std::int64_t outputs, std::int64_t inputs,
                            bool has_bias) const {
  return stacked({name}, outputs, inputs, has_bias);
}

Linear ModuleReader::stacked(const std::vector<std::string>& names, std::int64_t outputs_each,
                             std::int64_t inputs, bool has_bias) const {
  std::vector<MatrixSource> matrices;
  std::vector<float> bias;
  for (const std::string& name : names) {
    matrices.push_back(matrix(name + ".weight", outputs_each, inputs));
    if (!has_bias) continue;
    const std::vector<float> part = vector(name + ".bias", outputs_each);
    bias.insert(bias.end(), part.begin(), part.end());
  }
  return Linear(std::make_shared<const LinearWeights>(std::move(matrices), std::move(bias)));
}

/// outputs o of group g see the inputs of group g alone.
MatrixSource ModuleReader::block_diagonal(const GroupedName& name, std::int64_t outputs,
                                          std::int64_t inputs) const {
  check(name.groups > 0 && outputs % name.groups == 0 && inputs % name.groups == 0,
        "{}: {} channels and {} outputs of {} cannot be cut into {} groups", checkpoint_name(),
        inputs, outputs, name.name, name.groups);
  const std::int64_t own = inputs / name.groups;
  const auto values =
      checkpoint_->require(prefix_ + name.name + ".weight", {outputs, own, 1}).floats();
  auto whole = std::make_shared<std::vector<float>>(static_cast<std::size_t>(outputs * inputs));
  for (std::int64_t o = 0; o < outputs; ++o) {
    const std::int64_t group = o / (outputs / name.groups);
    std::copy_n(values.data() + o * own, own, whole->data() + o * inputs + group * own);
  }
  return {whole->data(), DType::f32, outputs, inputs, whole};
}

Linear ModuleReader::convolutions(const std::vector<GroupedName>& names, std::int64_t outputs_each,
                                  std::int64_t inputs) const {
  std::vector<MatrixSource> matrices;
  std::vector<float> bias;
  for (const GroupedName& name : names) {
    matrices.push_back(block_diagonal(name, outputs_each, inputs));
    const std::vector<float> part = vector(name.name + ".bias", outputs_each);
    bias.insert(bias.end(), part.begin(), part.end());
  }
  return Linear(std::make_shared<const LinearWeights>(std::move(matrices), std::move(bias)));
}

Linear ModuleReader::tied(const std::string& matrix_name, const std::string& bias_name,
                          std::int64_t outputs, std::int64_t inputs) const {
  std::vector<MatrixSource> matrices{matrix(matrix_name, outputs, inputs)};
  std::vector<float> bias;
  if (!bias_name.empty()) bias = head().vector(bias_name, outputs);
  return Linear(std::make_shared<const LinearWeights>(std::move(matrices), std::move(bias)));
}

LayerNorm ModuleReader::layer_norm(const std::string& name, std::int64_t width, float epsilon,
                                   bool has_bias) const {
  return {Tensor::from(vector(name + ".weight", width), {width}),
          has_bias ? Tensor::from(vector(name + ".bias", width), {width}) : Tensor::zeros({width}),
          epsilon};
}

MatrixSource ModuleReader::blocks(const std::string& name,
                                  const std::vector<std::int64_t>& shape) const {
  const TensorView& view = checkpoint_->require(prefix_ + name, shape);
  return {view.data, view.dtype, 0, 0, view.owner};
}

Tensor ModuleReader::tensor(const std::string& name, const Shape& shape) const {
  Tensor values = Tensor::uninitialized(shape);
  std::vector<std::int64_t> dimensions;
  for (int axis = 0; axis < shape.rank(); ++axis) dimensions.push_back(shape[axis]);
  checkpoint_->read(prefix_ + name, dimensions, values.data());
  return values;
}

void ModuleReader::skip(const std::string& name) const { checkpoint_->find(prefix_ + name); }

EmbeddingTable ModuleReader::embedding(const std::string& name, std::int64_t rows,
                                       std::int64_t width) const {
  const TensorView& view = checkpoint_->require(prefix_ + name + ".weight", {rows, width});
  if (view.is_aligned() && view.dtype != DType::f64) {
    return {view.owner, view.data, view.dtype, rows, width};
  }
  auto copy = std::make_shared<const std::vector<float>>(view.floats());
  const float* data = copy->data();
  return {std::move(copy), data, DType::f32, rows, width};
}

}  // namespace pellucid
