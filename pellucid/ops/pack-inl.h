// SPDX-License-Identifier: Apache-2.0
// Rows of a larger matrix, copied to where products can read them: padded, or transposed.

#include "pellucid/ops/simd-inl.h"

#if defined(PELLUCID_OPS_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PELLUCID_OPS_PACK_INL_H_
#undef PELLUCID_OPS_PACK_INL_H_
#else
#define PELLUCID_OPS_PACK_INL_H_
#endif

#include <algorithm>

#include "pellucid/ops/attention_head.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// to = from, with zeros up to the padded width.  from: [rows, width]
void pack(const StridedRows<const float>& from, std::int64_t rows, std::int64_t width, float* to) {
  const std::int64_t stride = padded(width);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(from.row(r), width, to + r * stride);
    std::fill(to + r * stride + width, to + (r + 1) * stride, 0.0F);
  }
}

/// Four rows and four columns at once: to[i * stride + r] = from.row(r)[i] for r, i < 4.
HWY_INLINE void transpose_block(const float* from, std::int64_t from_stride, float* to,
                                std::int64_t to_stride) {
#if HWY_TARGET == HWY_SCALAR
  for (int i = 0; i < 16; ++i) to[i % 4 * to_stride + i / 4] = from[i / 4 * from_stride + i % 4];
#else
  const hn::Full128<float> d;
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + from_stride);
  const auto c = hn::LoadU(d, from + 2 * from_stride), e = hn::LoadU(d, from + 3 * from_stride);
  const auto ab_lower = hn::InterleaveLower(d, a, b), ce_lower = hn::InterleaveLower(d, c, e);
  const auto ab_upper = hn::InterleaveUpper(d, a, b), ce_upper = hn::InterleaveUpper(d, c, e);
  hn::StoreU(hn::ConcatLowerLower(d, ce_lower, ab_lower), d, to);
  hn::StoreU(hn::ConcatUpperUpper(d, ce_lower, ab_lower), d, to + to_stride);
  hn::StoreU(hn::ConcatLowerLower(d, ce_upper, ab_upper), d, to + 2 * to_stride);
  hn::StoreU(hn::ConcatUpperUpper(d, ce_upper, ab_upper), d, to + 3 * to_stride);
#endif
}

/// to = from^T, with zeros up to the padded number of rows.  from: [rows, width]
void pack_transposed(const StridedRows<const float>& from, std::int64_t rows, std::int64_t width,
                     float* to) {
  const std::int64_t stride = padded_odd(rows);
  const std::int64_t whole_rows = rows / 4 * 4, whole_columns = width / 4 * 4;
  for (std::int64_t r = 0; r < whole_rows; r += 4) {
    for (std::int64_t i = 0; i < whole_columns; i += 4) {
      transpose_block(from.row(r) + i, from.stride, to + i * stride + r, stride);
    }
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = r < whole_rows ? whole_columns : 0; i < width; ++i) {
      to[i * stride + r] = from.row(r)[i];
    }
  }
  for (std::int64_t i = 0; i < width; ++i) {
    std::fill(to + i * stride + rows, to + (i + 1) * stride, 0.0F);
  }
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
