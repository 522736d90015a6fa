// SPDX-License-Identifier: Apache-2.0
// Reads the parts of decoders out of a checkpoint.
#pragma once

#include <string>
#include <vector>

#include "pellucid/models/decoder_options.h"
#include "pellucid/nn/module.h"

namespace pellucid {

/// y = norm(x), nothing if it has no gain.
struct Norm {
  std::vector<NormBlock> blocks;
  NormKind kind = NormKind::rms;
  float epsilon = 0;

  explicit operator bool() const { return !blocks.empty(); }
  /// x as it is where there is no norm.
  Variable operator()(Variable x) const {
    return blocks.empty() ? x : block_norm(std::move(x), blocks, kind, epsilon);
  }
};

/// Matrices that are stacked into one product, with their biases.
struct Stack {
  std::vector<MatrixSource> matrices;
  std::vector<float> bias;

  void add(const Stack& other);
  Linear linear() const;
};

/// Names are those of the base model, or of one of its layers; `top` takes them as they are.
class DecoderReader {
 public:
  DecoderReader(Checkpoint& checkpoint, const DecoderOptions& options);

  DecoderReader layer(std::size_t index) const;
  DecoderReader top() const { return DecoderReader(*checkpoint_, *options_, ""); }

  Stack stack(const std::string& name, std::int64_t outputs, std::int64_t inputs, bool bias) const;
  Linear linear(const std::string& name, std::int64_t outputs, std::int64_t inputs,
                bool bias) const {
    return stack(name, outputs, inputs, bias).linear();
  }
  /// Nothing for an empty name.
  Norm norm(const std::string& name, std::int64_t width) const;
  /// `count` blocks of the same gain.
  NormBlock norm_block(const std::string& name, std::int64_t width, std::int64_t count,
                       bool bias) const;
  EmbeddingTable embedding(const std::string& name, std::int64_t rows, std::int64_t width) const;
  /// The table of words as a product, with the bias of the language head.
  Linear tied(std::int64_t outputs, std::int64_t inputs, bool bias) const;
  /// Counts as used, if it is there.
  void skip(const std::string& name) const;

 private:
  DecoderReader(Checkpoint& checkpoint, const DecoderOptions& options, std::string prefix)
      : checkpoint_(&checkpoint), options_(&options), prefix_(std::move(prefix)) {}
  std::vector<float> vector(const std::string& name, std::int64_t size) const;

  Checkpoint* checkpoint_;
  const DecoderOptions* options_;
  std::string prefix_;
  bool in_layer_ = false;
};

}  // namespace pellucid
