// SPDX-License-Identifier: Apache-2.0
// Rotary position embedding: pairs of numbers of each head are turned by an angle that grows with
// the position.  Su et al. 2021, arXiv 2104.09864
#pragma once

#include <cstdint>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// Cosine and sine of the angle of each row and pair, both [rows, pairs].
struct RotaryAngles {
  Tensor cosines, sines;
};

struct RotaryShape {
  std::int64_t heads = 1, width = 0;  ///< heads of that width side by side, from column 0 on
  bool interleaved = false;           ///< pairs (2 i, 2 i + 1); else (i, pairs + i)
};

/// y_a = x_a cos - x_b sin, y_b = x_b cos + x_a sin for each pair (a, b) of each head; what is
/// beyond the pairs, and beyond the heads, stays.  x: [rows, columns], overwritten when no one else
/// holds it
/// saves: the angles.  VJP: the same with the opposite angles
Variable rotary(Variable x, const RotaryAngles& angles, const RotaryShape& shape);

}  // namespace pellucid
