// SPDX-License-Identifier: Apache-2.0
// Each row of a sequence beside rows near it: what a convolution over tokens multiplies.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// y[i] = x[n(i, 0)] | x[n(i, 1)] | ... side by side, where n(i, t) is the row of the same sequence
/// whose column is columns[i] + shifts[t]; zeros where there is none.
/// x: [rows, width]   offsets: [sequences + 1]   columns: [rows], ascending in each sequence
/// y: [rows, shifts * width]   saves: n.  VJP: adds to x what was taken from it
Variable neighbours(const Variable& x, std::span<const std::int64_t> offsets,
                    std::span<const std::int32_t> columns, const std::vector<std::int32_t>& shifts);

}  // namespace pellucid
