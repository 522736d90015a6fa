// SPDX-License-Identifier: Apache-2.0
// One head of one sequence of distance_attention.
#pragma once

#include "pellucid/ops/attention_head.h"

namespace pellucid {

struct DistanceHead {
  std::int64_t queries = 0, keys = 0, width = 0;
  float scale = 1;
  StridedRows<const float> query;             // [queries, width]
  StridedRows<const float> key, value;        // [keys, width]
  const std::int64_t* own_keys = nullptr;     // [queries]: the key where each query stands
  const std::int32_t* places = nullptr;       // [keys]
  StridedRows<const float> position_key{};    // [rows, width]; data is null: no such term
  StridedRows<const float> position_query{};  // the same
  const float* bias = nullptr;                // [rows], or null
  const std::int32_t* row = nullptr;          // of distance d: row[d]
  std::int64_t first_row = 0, rows = 0;       // those that the sequence's distances need
  std::int64_t tile_rows = 0;                 // at most, of a tile of queries and keys
  StridedRows<const float> segment_key{};     // [2, width]; data is null: no such term
  const float* segment_bias = nullptr;        // [2], or null
  const std::int32_t* segments = nullptr;     // [keys]
  const std::uint8_t* hidden = nullptr;       // [keys], or null
  const std::int64_t* zeroed = nullptr;       // [queries], as in AttentionHead
  float* statistics = nullptr;                // [queries, 2]
  float* scratch = nullptr;                   // distance_scratch() floats

  bool has_distance() const {
    return position_key.data != nullptr || position_query.data != nullptr || bias != nullptr;
  }
  std::int64_t distance(std::int64_t query_row, std::int64_t key_row) const {
    return std::int64_t{places[own_keys[query_row]]} - places[key_row];
  }
};

constexpr std::int64_t kKeyTile = 96;

/// Floats of scratch: K^T, V^T or V, K, scores, their cotangents, blocks of queries and dy, the
/// vectors of distances plain and transposed, and products with them of one tile.
inline std::int64_t distance_scratch(const DistanceHead& head, bool vjp) {
  const std::int64_t block = query_block(head.keys), stride = padded_odd(head.keys);
  const std::int64_t transposed = head.width * stride, plain = head.keys * padded(head.width);
  const std::int64_t positions = head.width * padded_odd(head.rows) + 16;
  const std::int64_t tile = kKeyTile * padded_odd(head.tile_rows);
  const std::int64_t forward = transposed + plain + block * stride + 2 * positions + tile;
  if (!vjp) return forward;
  return forward + transposed + block * stride + 2 * block * padded(head.width) +
         2 * head.rows * padded(head.width);
}

/// y: [queries, width]   probabilities: receives [queries, keys], or null
void distance_head(const DistanceHead& head, const StridedRows<float>& y, float* probabilities);

/// Pulls cotangents of y back, with the statistics of the forward.
void distance_head_vjp(const DistanceHead& head, const AttentionHeadVjp& vjp);

}  // namespace pellucid
