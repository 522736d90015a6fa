// SPDX-License-Identifier: Apache-2.0
// Two tensors of as many rows as one, side by side.
#pragma once

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// y[i] = a[i] | b[i].  a: [rows, n]   b: [rows, m]   y: [rows, n + m]
/// saves: nothing.  VJP: to each its columns of dy
Variable side_by_side(const Variable& a, const Variable& b);

}  // namespace pellucid
