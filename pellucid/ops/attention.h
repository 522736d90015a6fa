// SPDX-License-Identifier: Apache-2.0
// softmax(scale q k^T) v for each sequence and head of a packed batch: sequences follow each other
// without padding.  Vaswani et al. 2017, arXiv 1706.03762; blocks of queries and the kept
// statistics of each row as in Dao et al. 2022, arXiv 2205.14135.  With masks, sliding windows,
// biases by position, capped scores, and fewer heads of keys than of queries.
#pragma once

#include <cstdint>
#include <span>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// A number added to the scaled score of a query at place i and a key at place j:
/// table[head][zero + j - i], or table[head][zero + j] if it depends on the key alone.
struct AttentionBias {
  Tensor table;  ///< [heads, distances]; not defined: no bias
  std::int64_t zero = 0;
  bool relative = true;
};

struct AttentionShape {
  std::int64_t heads = 1;
  float scale = 1;
  /// Rows of sequence s: [offsets[s], offsets[s + 1]). Both have [sequences + 1] entries, start at
  /// 0 and end at the number of rows.
  std::span<const std::int64_t> query_offsets, key_offsets;

  /// Heads of keys and values, a divisor of `heads`; 0: as many. Query head h reads key head
  /// h / (heads / key_heads).  Ainslie et al. 2023, arXiv 2305.13245
  std::int64_t key_heads = 0;
  /// The key row that each query row belongs to: where it stands in its sequence. Empty: query i of
  /// a sequence stands at its key i. Read only for what follows.
  std::span<const std::int64_t> query_rows = {};
  /// A query sees the keys up to its own.
  bool causal = false;
  /// A query sees only keys less than so many places away; 0: no such limit. |i - j| <= w is w + 1.
  std::int64_t window = 0;
  /// The place of each key row, for the window and the bias, ascending in each sequence. Empty: 0,
  /// 1, 2 ... in each. They have gaps where tokens were left out.
  std::span<const std::int32_t> key_places = {};
  AttentionBias bias = {};
  /// Scores s become cap tanh(s / cap), before the bias; 0: they stay.  Gemma 2, arXiv 2408.00118
  float cap = 0;
  /// A key of its sequence whose value a query row does not get, negative for none; [query rows] or
  /// empty. Not to be differentiated.
  std::span<const std::int64_t> zeroed = {};
};

/// qkv: [rows, (heads + 2 key_heads) d], columns q | k | v, head h at columns h d .. (h + 1) d of
/// each   y: [rows, heads d]
/// probabilities: if given, receives [sum over sequences of heads * queries * keys] numbers in the
/// order sequence, head, query, key; what is hidden is 0
/// saves: qkv, and of each row and head the largest score and 1 / sum of exp.  VJP: to qkv;
/// recomputes probabilities block by block, once for all K cotangents. A tape that observes
/// attention gets the probabilities of one sequence as a leaf, [heads * queries, keys]
Variable self_attention(const Variable& qkv, const AttentionShape& shape,
                        Tensor* probabilities = nullptr);

/// queries: [query rows, heads d]   keys_values: [key rows, 2 key_heads d], columns k | v
/// y: [query rows, heads d]
/// Otherwise as self_attention.
Variable attention(const Variable& queries, const Variable& keys_values,
                   const AttentionShape& shape, Tensor* probabilities = nullptr);

}  // namespace pellucid
