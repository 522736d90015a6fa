// SPDX-License-Identifier: Apache-2.0
// The mean of the rows of each sequence of a packed batch.
#pragma once

#include <cstdint>
#include <span>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// y[s] = mean of x[offsets[s]] .. x[offsets[s + 1] - 1].  x: [rows, width]   y: [sequences, width]
/// offsets: [sequences + 1], from 0 to rows, ascending: no sequence is empty
/// saves: offsets.  VJP: each row receives dy[s] / rows of s
Variable mean_rows(const Variable& x, std::span<const std::int64_t> offsets);

}  // namespace pellucid
