// SPDX-License-Identifier: Apache-2.0
// Operands of bf16 products: floats rounded to bfloat16 (to nearest, ties to even), or split into a
// high and a low bfloat16 part whose sum has about 16 bits of mantissa.
#pragma once

#include <cstdint>

namespace pellucid {

/// y = round(x)   both: [size].  Infinities and NaN stay.
void round_to_bf16(const float* x, std::int64_t size, std::uint16_t* y);

/// high = round(x), low = round(x - high)   all: [size].  Where high is not finite, low is 0: so
/// infinities and NaN stay what they are, and what is too large for bf16 becomes infinite.
void split_to_bf16(const float* x, std::int64_t size, std::uint16_t* high, std::uint16_t* low);

}  // namespace pellucid
