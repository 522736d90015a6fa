// SPDX-License-Identifier: Apache-2.0
// Attention whose scores have terms that depend on how far query and key are apart: vectors for
// distances, multiplied with the query (content to position) or with the key (position to content).
// He et al. 2020, arXiv 2006.03654 (DeBERTa); Dai et al. 2019, arXiv 1901.02860 and Yang et al.
// 2019, arXiv 1906.08237 (XLNet); Shaw et al. 2018, arXiv 1803.02155
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// Vectors for distances, frozen, [rows, heads d] with head h at columns h d .. (h + 1) d.
struct DistanceTerms {
  Tensor keys;     ///< adds q_i keys[r]; not defined: no such term
  Tensor queries;  ///< adds k_j queries[r]; not defined: no such term
  Tensor bias;     ///< [heads, rows]: adds bias[h][r]; not defined: no such term
  /// r = row[zero + i - j] for a query at place i and a key at place j; ascending.
  std::vector<std::int32_t> row;
  std::int64_t zero = 0;

  bool used() const { return keys.defined() || queries.defined() || bias.defined(); }
};

/// Adds q_i keys[s] + bias[h][s], s = 0 if query and key are of one segment, else 1.
struct SegmentTerms {
  Tensor keys;                                  ///< [2, heads d]; not defined: no such term
  Tensor bias;                                  ///< [heads, 2]
  std::span<const std::int32_t> segments = {};  ///< [key rows]
};

struct DistanceAttentionShape {
  std::int64_t heads = 1;
  float scale = 1;  ///< of the sum of all terms
  /// As in AttentionShape; the query rows ascend in each sequence.
  std::span<const std::int64_t> query_offsets, key_offsets;
  std::span<const std::int64_t> query_rows = {};
  std::span<const std::int32_t> key_places = {};
  const DistanceTerms* distance = nullptr;  ///< must outlive the tape; null: no such terms
  SegmentTerms segment = {};
  /// Keys that only the query at their own row sees: [key rows] of 0 or 1; empty: none.
  std::span<const std::uint8_t> hidden = {};
  std::span<const std::int64_t> zeroed = {};  ///< as in AttentionShape
};

/// softmax(scale (q k^T + terms)) v
/// queries: [query rows, H]   keys_values: [key rows, 2 H], columns k | v   y: [query rows, H]
/// probabilities: if given, receives [sum over sequences of heads * queries * keys] numbers
/// saves: the inputs, and of each row and head the largest score and 1 / sum of exp.  VJP: to both
/// inputs; recomputes scores block by block, once for all K cotangents. Observed as attention() is
Variable distance_attention(const Variable& queries, const Variable& keys_values,
                            const DistanceAttentionShape& shape, Tensor* probabilities = nullptr);

}  // namespace pellucid
