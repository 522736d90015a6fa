// SPDX-License-Identifier: Apache-2.0
// Random numbers as a function of (seed, purpose, probe, input) and nothing else: not of threads,
// batches or order. Philox4x32-10, Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2,
// 3".
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace pellucid {

/// What a draw is for; different purposes never share numbers.
enum class Stream : std::uint32_t {
  masks = 1,
  permutations = 2,
  noise = 3,
  alphas = 4,
  baselines = 5,
  replacement_tokens = 6,
  sizes = 7,
  metric_masks = 8,
  metric_noise = 9,
  random_scores = 10,
  model_weights = 11,
  generated_tokens = 12,
};

using PhiloxBlock = std::array<std::uint32_t, 4>;

/// Ten rounds on one counter.
PhiloxBlock philox(PhiloxBlock counter, std::array<std::uint32_t, 2> key);

inline constexpr std::uint32_t kHashStart = 2166136261U;

/// FNV-1a over the ids as little-endian 32-bit words. To append more ids pass the hash so far.
std::uint32_t hash_ids(std::span<const std::int32_t> ids, std::uint32_t start = kHashStart);

/// In [0, 1), exact in float.
constexpr float unit_uniform(std::uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1p-24F;
}
/// In (0, 1).
constexpr double open_uniform(std::uint32_t word) {
  return (static_cast<double>(word >> 8) + 0.5) * 0x1p-24;
}
/// In [0, bound).
constexpr std::uint32_t index_below(std::uint32_t word, std::uint32_t bound) {
  return static_cast<std::uint32_t>((std::uint64_t{word} * bound) >> 32);
}

/// The numbers of one purpose, probe and input. Every element can be had alone: word i is word
/// i mod 4 of block i div 4. Cheap to make.
class Draws {
 public:
  /// input: hash_ids of the model's input
  Draws(std::uint64_t seed, Stream stream, std::uint32_t probe, std::uint32_t input)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        probe_(probe),
        stream_(static_cast<std::uint32_t>(stream)),
        input_(input) {}

  PhiloxBlock block(std::uint32_t index) const {
    return philox({index, probe_, stream_, input_}, key_);
  }
  std::uint32_t word(std::uint32_t index) const { return block(index / 4)[index % 4]; }

  float uniform(std::uint32_t index) const { return unit_uniform(word(index)); }
  std::uint32_t below(std::uint32_t index, std::uint32_t bound) const {
    return index_below(word(index), bound);
  }
  double normal(std::uint32_t index) const;

  void uniforms(std::span<float> values) const;  ///< uniform(0), uniform(1), ...
  void normals(std::span<float> values) const;   ///< normal(0), normal(1), ...

  /// A fair coin for one unit: 128 units share a block.
  bool coin(std::uint32_t unit) const;
  std::vector<bool> coins(std::uint32_t count) const;
  /// True with the given probability, by the unit's uniform.
  bool bernoulli(std::uint32_t unit, double probability) const {
    return static_cast<double>(uniform(unit)) < probability;
  }
  /// A random order of 0 .. count - 1.
  std::vector<std::uint32_t> permutation(std::uint32_t count) const;

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t probe_, stream_, input_;
};

}  // namespace pellucid
