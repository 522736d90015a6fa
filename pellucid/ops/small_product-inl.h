// SPDX-License-Identifier: Apache-2.0
// Products of matrices that fit the cache: C = A B or C += A B.
// Each number of C is one chain of fused multiply-adds over k in ascending order, so its bits do
// not depend on how many rows or columns there are. (Goto, van de Geijn 2008,
// doi:10.1145/1356052.1356053, without their outer loops.)

#include "pellucid/ops/simd-inl.h"

#if defined(PELLUCID_OPS_SMALL_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PELLUCID_OPS_SMALL_PRODUCT_INL_H_
#undef PELLUCID_OPS_SMALL_PRODUCT_INL_H_
#else
#define PELLUCID_OPS_SMALL_PRODUCT_INL_H_
#endif

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// C: [rows, columns]   A: [rows, depth]   B: [depth, columns], each row of it readable up to the
/// next multiple of kProductPadding columns
struct SmallProduct {
  const float* a;
  std::int64_t a_row, a_column;  // distance in floats of A's rows and columns: A may be transposed
  const float* b;
  std::int64_t b_row;
  float* c;
  std::int64_t c_row;
  std::int64_t rows, columns, depth;
  bool add;  // C += A B
};

constexpr std::int64_t kProductPadding = 16;

// A tile of C stays in registers: 6 x 4 vectors of the 32, or 6 x 2 of the 16 that there are.
constexpr std::int64_t kTileRows = 6;
#if HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3  // a larger number is an older instruction set
constexpr std::int64_t kTileVectors = 2;
#else
constexpr std::int64_t kTileVectors = 4;
#endif

/// The tile of kRows rows and kVectors vectors whose first number is row, column.
template <int kRows, int kVectors>
HWY_INLINE void product_tile(const SmallProduct& p, std::int64_t row, std::int64_t column) {
  const Floats d;
  const std::int64_t step = lanes();
  float* c = p.c + row * p.c_row + column;
  Vector sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t left = p.columns - column - v * step;
      sums[r][v] = p.add ? load_first(c + r * p.c_row + v * step, left) : hn::Zero(d);
    }
  }
  const float* a = p.a + row * p.a_row;
  const float* b = p.b + column;
  const std::int64_t a_row = p.a_row, a_column = p.a_column, b_row = p.b_row;
  for (std::int64_t k = p.depth; k > 0; --k) {
    Vector terms[kVectors];
    for (int v = 0; v < kVectors; ++v) terms[v] = hn::LoadU(d, b + v * step);
    for (int r = 0; r < kRows; ++r) {
      const Vector factor = hn::Set(d, a[r * a_row]);
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(factor, terms[v], sums[r][v]);
    }
    a += a_column;
    b += b_row;
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      store_first(sums[r][v], c + r * p.c_row + v * step, p.columns - column - v * step);
    }
  }
}

/// All columns of kRows rows.
template <int kRows>
HWY_INLINE void product_rows(const SmallProduct& p, std::int64_t row) {
  const std::int64_t step = lanes();
  std::int64_t column = 0;
  const auto vectors_left = [&] { return (p.columns - column + step - 1) / step; };
  for (; vectors_left() >= kTileVectors; column += kTileVectors * step) {
    product_tile<kRows, kTileVectors>(p, row, column);
  }
  if constexpr (kTileVectors > 2) {
    if (vectors_left() >= 2) {
      product_tile<kRows, 2>(p, row, column);
      column += 2 * step;
    }
  }
  if (vectors_left() >= 1) product_tile<kRows, 1>(p, row, column);
}

void small_product(const SmallProduct& p) {
  std::int64_t row = 0;
  for (; row + kTileRows <= p.rows; row += kTileRows) product_rows<kTileRows>(p, row);
  for (; row + 2 <= p.rows; row += 2) product_rows<2>(p, row);
  if (row < p.rows) product_rows<1>(p, row);
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
