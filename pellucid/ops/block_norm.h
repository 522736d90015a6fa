// SPDX-License-Identifier: Apache-2.0
// Norms of blocks of columns, each by itself: y = n gain + bias, where n is
//   RMS norm: x / sqrt(mean(x^2) + epsilon).  Zhang, Sennrich 2019, arXiv 1910.07467
//   LayerNorm: (x - mean) / sqrt(variance + epsilon).  Ba, Kiros, Hinton 2016, arXiv 1607.06450
// One block is a norm of whole rows; several are norms of the heads of queries and keys.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

enum class NormKind { layer, rms };

/// `count` blocks of the gain's width side by side, all with this gain and bias.
struct NormBlock {
  Tensor gain;  ///< [width]
  Tensor bias;  ///< [width]; not defined: none
  std::int64_t count = 1;
};

/// x: [rows, width], overwritten when no one else holds it; the blocks cover its first columns, the
/// others stay as they are   y: as x
/// saves: n, 1 / deviation of each block.  VJP: to x alone
Variable block_norm(Variable x, const std::vector<NormBlock>& blocks, NormKind kind, float epsilon);

}  // namespace pellucid
