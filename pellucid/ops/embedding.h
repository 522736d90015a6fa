// SPDX-License-Identifier: Apache-2.0
// Rows of an embedding table, read in the type that the file stores: a table is never converted as
// a whole.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "pellucid/tensor/dtype.h"
#include "pellucid/tensor/tensor.h"

namespace pellucid {

/// [rows, width] numbers of type f32, f16 or bf16, without gaps.
struct EmbeddingTable {
  std::shared_ptr<const void> owner;  ///< keeps `data` alive: a mapped file; may be null
  const void* data = nullptr;
  DType type = DType::f32;
  std::int64_t rows = 0;
  std::int64_t width = 0;
};

/// y[i] = table[ids[i]].  y: [ids.size(), width]
Tensor gather(const EmbeddingTable& table, std::span<const std::int32_t> ids);

/// sum[i] += table[ids[i]].  sum: [ids.size(), width]; must not be shared
void gather_add(const EmbeddingTable& table, std::span<const std::int32_t> ids, Tensor& sum);

}  // namespace pellucid
