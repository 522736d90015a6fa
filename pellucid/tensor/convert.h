// SPDX-License-Identifier: Apache-2.0
// From stored to computed floats: exact widening of IEEE half and bfloat16. Subnormals, infinities
// and NaN are kept, whatever the processor's flush-to-zero mode.
#pragma once

#include <bit>
#include <cstdint>

#include "pellucid/tensor/dtype.h"

namespace pellucid {

constexpr float half_to_float(std::uint16_t half) {
  const std::int32_t magnitude = (half & 0x7FFF) << 13;
  const std::int32_t sign = static_cast<std::int32_t>(half) >> 15;
  // Selected by masks of all ones or zeros, which compilers vectorise and branches they do not.
  const std::int32_t subnormal = -static_cast<std::int32_t>(magnitude < 0x00800000);
  const std::int32_t special = -static_cast<std::int32_t>(magnitude >= 0x0F800000);
  const std::int32_t normal = (magnitude + 0x38000000) | (special & 0x7F800000);
  // The mantissa under the exponent of 2^-14, less 2^-14, is exact and normal in f32.
  const float small = std::bit_cast<float>(magnitude + 0x38800000) - 0x1p-14F;
  const std::int32_t chosen =
      (std::bit_cast<std::int32_t>(small) & subnormal) | (normal & ~subnormal);
  return std::bit_cast<float>(static_cast<std::uint32_t>(chosen) |
                              (static_cast<std::uint32_t>(sign) << 31));
}

constexpr float bfloat16_to_float(std::uint16_t value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

/// source: [count] of a floating dtype, at any alignment   target: [count]. Uses several threads.
void convert_to_f32(DType dtype, const void* source, std::int64_t count, float* target);

/// Values that are no finite numbers.
struct NonFinite {
  std::int64_t nan = 0;
  std::int64_t infinite = 0;
};
NonFinite count_non_finite(const float* values, std::int64_t count);

}  // namespace pellucid
