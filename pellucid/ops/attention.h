// SPDX-License-Identifier: Apache-2.0
// softmax(scale q k^T) v for each sequence and head of a packed batch: sequences follow each other
// without padding.  Vaswani et al. 2017, arXiv 1706.03762; blocks of queries and the kept
// statistics of each row as in Dao et al. 2022, arXiv 2205.14135.
#pragma once

#include <cstdint>
#include <span>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

struct AttentionShape {
  std::int64_t heads = 1;
  float scale = 1;
  /// Rows of sequence s: [offsets[s], offsets[s + 1]). Both have [sequences + 1] entries, start at
  /// 0 and end at the number of rows.
  std::span<const std::int64_t> query_offsets, key_offsets;
};

/// qkv: [rows, 3 H], columns q | k | v, head h at columns h d .. (h + 1) d of each   y: [rows, H]
/// probabilities: if given, receives [sum over sequences of heads * queries * keys] numbers in the
/// order sequence, head, query, key
/// saves: qkv, and of each row and head the largest score and 1 / sum of exp.  VJP: to qkv;
/// recomputes probabilities block by block, once for all K cotangents
Variable self_attention(const Variable& qkv, const AttentionShape& shape,
                        Tensor* probabilities = nullptr);

/// queries: [query rows, H]   keys_values: [key rows, 2 H], columns k | v   y: [query rows, H]
/// Otherwise as self_attention.
Variable attention(const Variable& queries, const Variable& keys_values,
                   const AttentionShape& shape, Tensor* probabilities = nullptr);

}  // namespace pellucid
