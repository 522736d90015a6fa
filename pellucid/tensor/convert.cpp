// SPDX-License-Identifier: Apache-2.0
// The loops hold no branches, so the compiler vectorises them.
#include "pellucid/tensor/convert.h"

#include <atomic>
#include <cstring>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"

namespace pellucid {
namespace {

constexpr std::int64_t kGrain = 1 << 18;

/// Elements are copied out byte-wise because a file may hold them at odd addresses. widen_one is a
/// lambda, not a function, so that it is inlined.
template <class Stored, class Widen>
void widen(const void* source, std::int64_t count, float* target, const Widen& widen_one) {
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    const auto* bytes = static_cast<const unsigned char*>(source);
    for (std::int64_t i = begin; i < end; ++i) {
      Stored stored;
      std::memcpy(&stored, bytes + i * static_cast<std::int64_t>(sizeof stored), sizeof stored);
      target[i] = widen_one(stored);
    }
  });
}

}  // namespace

void convert_to_f32(DType dtype, const void* source, std::int64_t count, float* target) {
  switch (dtype) {
    case DType::f32:
      return widen<float>(source, count, target, [](float value) { return value; });
    case DType::f16:
      return widen<std::uint16_t>(source, count, target,
                                  [](std::uint16_t value) { return half_to_float(value); });
    case DType::bf16:
      return widen<std::uint16_t>(source, count, target,
                                  [](std::uint16_t value) { return bfloat16_to_float(value); });
    case DType::f64:
      return widen<double>(source, count, target,
                           [](double value) { return static_cast<float>(value); });
    default:
      fail("conversion to F32: the elements are {}, expected F32, F16, BF16 or F64", name(dtype));
  }
}

NonFinite count_non_finite(const float* values, std::int64_t count) {
  std::atomic<std::int64_t> nan{0}, infinite{0};
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t nan_here = 0, infinite_here = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(values[i]) & 0x7FFFFFFFU;
      nan_here += magnitude > 0x7F800000U;
      infinite_here += magnitude == 0x7F800000U;
    }
    nan += nan_here;
    infinite += infinite_here;
  });
  return {nan, infinite};
}

}  // namespace pellucid
