// SPDX-License-Identifier: Apache-2.0
// What config.json says of a DeBERTa.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/io/config.h"
#include "pellucid/models/encoder.h"

namespace pellucid {

struct DebertaConfig {
  int version = 1;  ///< 1, or 2 for 2 and 3
  std::int64_t vocabulary, hidden, word_width, layers, heads, intermediate, types, labels;
  std::int64_t max_positions;
  Activation activation, pooler_activation, convolution_activation;
  float epsilon;
  bool tied, legacy_head;
  bool absolute_positions;  ///< added to the words
  bool relative;            ///< attention sees distances
  bool content_to_position = false, position_to_content = false;
  std::int64_t kinds = 0;   ///< of distance terms, which the scores are scaled by
  bool share_keys = false;  ///< distances go through the projections of the content
  bool normed_table = false;
  std::int64_t farthest = 0;  ///< largest distance
  std::int64_t buckets = 0;   ///< 0: each distance has a row of its own
  std::int64_t span = 0;      ///< half the rows of the table
  std::int64_t kernel = 0;    ///< of the convolution; 0: there is none

  /// 1 / sqrt(width of a head * (1 + kinds of distance terms))
  float scale() const;
  /// Row of the table for the distances 1 - max_positions ... max_positions - 1.
  std::vector<std::int32_t> distance_rows() const;
  HeadRecipes head_recipes() const;
  HeadSizes head_sizes(HeadKind head) const;
  void fill(HeadKind kind, const EncoderHead& head, NetworkShape& shape) const;
};

DebertaConfig read_deberta_config(const ModelConfig& config);

}  // namespace pellucid
