// SPDX-License-Identifier: Apache-2.0
// A model of the shape of BERT base with random weights (and more positions, for long texts),
// written to a folder, and the arithmetic that it needs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace pellucid::bench {

constexpr std::int64_t kLayers = 12, kHidden = 768, kHeads = 12, kIntermediate = 3072;
constexpr std::int64_t kVocabulary = 30522, kPositions = 4096, kLabels = 28;

/// config.json, model.safetensors and vocab.txt in `folder`, which is made.
void write_model(const std::filesystem::path& folder);

/// Removed with everything in it when the object ends.
class TemporaryModel {
 public:
  TemporaryModel();
  ~TemporaryModel();
  TemporaryModel(const TemporaryModel&) = delete;
  TemporaryModel& operator=(const TemporaryModel&) = delete;
  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

/// A text of `tokens` tokens, with the two special ones; different for each seed.
std::string text_of(std::int64_t tokens, std::uint32_t seed = 0);

// Floating-point operations that are needed, two for each multiply-add: products of linear layers
// and of attention. In the last layer queries and all that follows are needed for the first row
// only.
double forward_flops(std::int64_t tokens);
/// To the embeddings: one product for each linear layer, four for attention's two. What is computed
/// again is not counted.
double vjp_flops(std::int64_t tokens);

}  // namespace pellucid::bench
