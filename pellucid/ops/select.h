// SPDX-License-Identifier: Apache-2.0
// Chosen rows of a tensor, in the order and as often as they are named.
#pragma once

#include <cstdint>
#include <span>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// y[i] = x[rows[i]].  x: [n, width]   rows: each in [0, n)   y: [rows.size(), width]
/// saves: rows.  VJP: adds dy[i] to dx[rows[i]]
Variable select_rows(const Variable& x, std::span<const std::int64_t> rows);

}  // namespace pellucid
