// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/decoder_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pellucid {

void Stack::add(const Stack& other) {
  matrices.insert(matrices.end(), other.matrices.begin(), other.matrices.end());
  bias.insert(bias.end(), other.bias.begin(), other.bias.end());
}

Linear Stack::linear() const {
  return Linear(std::make_shared<const LinearWeights>(matrices, bias));
}

DecoderReader::DecoderReader(Checkpoint& checkpoint, const DecoderOptions& options)
    : DecoderReader(checkpoint, options, "") {
  for (const std::string& prefix : options.names.prefixes) {
    if (checkpoint.contains(prefix + options.names.words + ".weight")) prefix_ = prefix;
  }
}

DecoderReader DecoderReader::layer(std::size_t index) const {
  DecoderReader reader = *this;
  reader.prefix_ = fmt::format("{}{}.{}.", prefix_, options_->names.layers, index);
  reader.in_layer_ = true;
  return reader;
}

Stack DecoderReader::stack(const std::string& name, std::int64_t outputs, std::int64_t inputs,
                           bool bias) const {
  const bool transposed = in_layer_ && options_->transposed;
  const std::vector<std::int64_t> shape =
      transposed ? std::vector{inputs, outputs} : std::vector{outputs, inputs};
  const TensorView& view = checkpoint_->require(prefix_ + name + ".weight", shape);
  Stack stack;
  stack.matrices.push_back(
      {view.data, view.dtype, outputs, inputs, view.owner, transposed ? outputs : 0});
  if (bias) stack.bias = vector(name + ".bias", outputs);
  return stack;
}

std::vector<float> DecoderReader::vector(const std::string& name, std::int64_t size) const {
  std::vector<float> values(static_cast<std::size_t>(size));
  checkpoint_->read(prefix_ + name, {size}, values.data());
  return values;
}

NormBlock DecoderReader::norm_block(const std::string& name, std::int64_t width, std::int64_t count,
                                    bool bias) const {
  if (!options_->norm_affine) {
    return {Tensor::from(std::vector<float>(std::size_t(width), 1.0F), {width}), {}, count};
  }
  std::vector<float> gain = vector(name + ".weight", width);
  for (float& value : gain) value += options_->gain_offset;
  NormBlock block{Tensor::from(gain, {width}), {}, count};
  if (bias) block.bias = Tensor::from(vector(name + ".bias", width), {width});
  return block;
}

Norm DecoderReader::norm(const std::string& name, std::int64_t width) const {
  if (name.empty()) return {};
  return {{norm_block(name, width, 1, options_->norm_bias)}, options_->norm, options_->epsilon};
}

EmbeddingTable DecoderReader::embedding(const std::string& name, std::int64_t rows,
                                        std::int64_t width) const {
  return ModuleReader(*checkpoint_, "").embedding(prefix_ + name, rows, width);
}

Linear DecoderReader::tied(std::int64_t outputs, std::int64_t inputs, bool bias) const {
  Stack stack = this->stack(options_->names.words, outputs, inputs, false);
  if (bias) stack.bias = top().vector(options_->names.language_head + ".bias", outputs);
  return stack.linear();
}

void DecoderReader::skip(const std::string& name) const { checkpoint_->find(prefix_ + name); }

}  // namespace pellucid
