// SPDX-License-Identifier: Apache-2.0
#include "pellucid/nn/module.h"

#include <algorithm>
#include <utility>

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

Linear ModuleReader::linear(const std::string& name, std::int64_t outputs,
                            std::int64_t inputs) const {
  return stacked({name}, outputs, inputs);
}

Linear ModuleReader::stacked(const std::vector<std::string>& names, std::int64_t outputs_each,
                             std::int64_t inputs) const {
  std::vector<MatrixSource> matrices;
  std::vector<float> bias;
  for (const std::string& name : names) {
    matrices.push_back(matrix(name + ".weight", outputs_each, inputs));
    const std::vector<float> part = vector(name + ".bias", outputs_each);
    bias.insert(bias.end(), part.begin(), part.end());
  }
  return Linear(std::make_shared<const LinearWeights>(std::move(matrices), std::move(bias)));
}

Linear ModuleReader::tied(const std::string& matrix_name, const std::string& bias_name,
                          std::int64_t outputs, std::int64_t inputs) const {
  std::vector<MatrixSource> matrices{matrix(matrix_name, outputs, inputs)};
  return Linear(std::make_shared<const LinearWeights>(std::move(matrices),
                                                      head().vector(bias_name, outputs)));
}

LayerNorm ModuleReader::layer_norm(const std::string& name, std::int64_t width,
                                   float epsilon) const {
  return {Tensor::from(vector(name + ".weight", width), {width}),
          Tensor::from(vector(name + ".bias", width), {width}), epsilon};
}

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
