// SPDX-License-Identifier: Apache-2.0
// Frequencies of rotary embeddings, and their scalings for longer texts, as config.json names them:
// default, linear, dynamic (NTK), yarn, longrope, llama3.  Su et al. 2021, arXiv 2104.09864;
// Peng et al. 2023, arXiv 2309.00071; Ding et al. 2024, arXiv 2402.13753.
//
// Pair i turns by position * frequency_i, frequency_i = theta^(-2 i / dimensions) before scaling.
// dynamic and longrope depend on the length of the text: that of Batch::contexts, each sequence by
// itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pellucid/io/config.h"
#include "pellucid/nn/batch.h"
#include "pellucid/ops/rotary.h"

namespace pellucid {

struct RopeOptions {
  double theta = 10000;
  std::int64_t dimensions = 0;     ///< numbers of a head that turn, twice the pairs
  std::int64_t max_positions = 0;  ///< "max_position_embeddings"
};

class Rope {
 public:
  /// Without scaling.
  explicit Rope(const RopeOptions& options) : options_(options) {}
  /// With the scaling that "rope_scaling" describes; throws Error naming what it does not know.
  /// kinds: the scalings that the family has; empty: all
  static Rope read(const ModelConfig& config, const RopeOptions& options,
                   const std::vector<std::string>& kinds = {});

  /// Angles of a position differ between short and long texts.
  bool depends_on_length() const {
    return scaling_ == Scaling::dynamic || scaling_ == Scaling::longrope;
  }
  /// Of all tokens, or of some rows of the batch.
  RotaryAngles angles(const Batch& batch) const;
  RotaryAngles angles(const Batch& batch, std::span<const std::int64_t> rows) const;

 private:
  enum class Scaling { none, linear, dynamic, yarn, longrope, llama3 };

  void read_yarn(const JsonObject& scaling);
  void read_longrope(const ModelConfig& config, const JsonObject& scaling);
  void read_llama3(const JsonObject& scaling);
  std::vector<double> plain(double theta) const;
  /// [pairs] for a text of this length
  std::vector<double> frequencies(std::int64_t length) const;

  RopeOptions options_;
  Scaling scaling_ = Scaling::none;
  double factor_ = 1;
  double amplitude_ = 1;              // of cosines and sines
  std::int64_t original_ = 0;         // positions before the text was made longer
  std::vector<double> scaled_;        // yarn, llama3
  std::vector<double> short_, long_;  // longrope: divisors of the frequencies
};

}  // namespace pellucid
