// SPDX-License-Identifier: Apache-2.0
// One head of one sequence: computed independently of all others.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pellucid {

/// Numbers that stand in rows of a larger matrix: row i starts at data + i * stride.
template <class Float>
struct StridedRows {
  Float* data = nullptr;
  std::int64_t stride = 0;
  Float* row(std::int64_t index) const { return data + index * stride; }
};

/// What one query sees: keys [first, last), the others are hidden; and the index in the table of
/// biases that key 0 has for it.
struct QueryView {
  std::int64_t first = 0, last = 0, bias = 0;
};

struct AttentionHead {
  std::int64_t queries = 0, keys = 0, width = 0;
  float scale = 1;
  float cap = 0;                         // 0: scores are not capped
  const QueryView* views = nullptr;      // [queries]; null: all keys, no bias
  const float* bias = nullptr;           // the table's row of this head; null: no bias
  const std::int32_t* places = nullptr;  // [keys] from that of key 0 on; null: 0, 1, 2 ...
  StridedRows<const float> query;        // [queries, width]
  StridedRows<const float> key, value;   // [keys, width]
  const std::int64_t* zeroed = nullptr;  // [queries]: a key whose value each does not get, or < 0
  float* statistics = nullptr;           // [queries, 2]: maximum of the scores, 1 / sum of exp
  float* scratch = nullptr;              // attention_scratch() floats
};

/// Cotangents, `step` floats from one of the `count` to the next; data is null if not wanted.
struct AttentionHeadVjp {
  std::int64_t count = 0;
  bool add = false;                      // to key and value, where another head has written already
  StridedRows<const float> dy;           // [queries, width]
  StridedRows<float> query, key, value;  // shapes as in AttentionHead
  std::int64_t dy_step = 0, query_step = 0, key_step = 0;  // key_step holds for values too
  float* probabilities = nullptr;  // [queries, keys]: cotangents of probabilities, or null
  std::int64_t probability_step = 0;
};

/// Rows of scratch matrices: as long as the widest vectors allow to read, and an odd number of
/// cache lines where columns are walked, so that a column does not fall into few sets of the cache.
constexpr std::int64_t padded(std::int64_t width) { return (width + 15) / 16 * 16; }
constexpr std::int64_t padded_odd(std::int64_t width) { return padded(width) | 16; }

/// Queries that are treated together: their scores stay in the cache.
inline std::int64_t query_block(std::int64_t keys) {
  return std::clamp<std::int64_t>(65536 / padded_odd(keys), 6, 96) / 6 * 6;
}

/// Floats of scratch for the forward (K^T, V, scores) or the VJP (K^T, V^T, K, probabilities, their
/// cotangents, a block of queries and of dy, and the slopes of capped scores).
inline std::int64_t attention_scratch(const AttentionHead& head, bool vjp) {
  const std::int64_t keys = head.keys, width = head.width;
  const std::int64_t transposed = width * padded_odd(keys);
  const std::int64_t block = query_block(keys);
  const std::int64_t forward = transposed + keys * padded(width) + block * padded_odd(keys);
  if (!vjp) return forward;
  const std::int64_t slopes = head.cap > 0 ? block * padded_odd(keys) : 0;
  return forward + transposed + block * padded_odd(keys) + 2 * block * padded(width) + slopes;
}

/// y = softmax(scores) v; fills head.statistics.
/// y: [queries, width]   probabilities: receives [queries, keys], or null
void attention_head(const AttentionHead& head, const StridedRows<float>& y, float* probabilities);

/// Pulls cotangents of y back, with the statistics of the forward.
void attention_head_vjp(const AttentionHead& head, const AttentionHeadVjp& vjp);

}  // namespace pellucid
