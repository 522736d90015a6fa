// SPDX-License-Identifier: Apache-2.0
// Kernels of one softmax row, which softmax and attention share.

#include "pellucid/ops/simd-inl.h"

#if defined(PELLUCID_OPS_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PELLUCID_OPS_SOFTMAX_INL_H_
#undef PELLUCID_OPS_SOFTMAX_INL_H_
#else
#define PELLUCID_OPS_SOFTMAX_INL_H_
#endif

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// max x_i of [size], size > 0
HWY_INLINE float row_maximum(const float* x, std::int64_t size) {
  const Floats d;
  const Vector lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  Vector maximum = lowest;
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    Vector v = load_first(x + i, count);
    if (count < lanes()) {
      v = hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(count)), v, lowest);
    }
    maximum = hn::Max(maximum, v);
  });
  return hn::GetLane(hn::MaxOfLanes(d, maximum));
}

/// e_i = exp(scale x_i - maximum); returns their sum.  x, e: [size], may be the same
HWY_INLINE float row_exponentials(const float* x, float scale, float maximum, float* e,
                                  std::int64_t size) {
  const Floats d;
  const Vector factor = hn::Set(d, scale);
  const Vector shift = hn::Set(d, maximum);
  return sum_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector v = exp_nonpositive(hn::MulSub(load_first(x + i, count), factor, shift));
    store_first(v, e + i, count);
    return keep_first(v, count);
  });
}

/// y_i = x_i factor.  x, y: [size], may be the same
HWY_INLINE void row_scale(const float* x, float factor, float* y, std::int64_t size) {
  const Vector factors = hn::Set(Floats(), factor);
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    store_first(hn::Mul(load_first(x + i, count), factors), y + i, count);
  });
}

/// y_i = x_i z_i.  x, z, y: [size], may be the same
HWY_INLINE void row_multiply(const float* x, const float* z, float* y, std::int64_t size) {
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    store_first(hn::Mul(load_first(x + i, count), load_first(z + i, count)), y + i, count);
  });
}

/// dx_i = scale p_i (dp_i - sum_j p_j dp_j).  p, dp, dx: [size]; dx and dp may be the same
HWY_INLINE void row_softmax_vjp(const float* p, const float* dp, float scale, float* dx,
                                std::int64_t size) {
  const Floats d;
  const float sum = sum_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    return hn::Mul(load_first(p + i, count), load_first(dp + i, count));
  });
  const Vector sums = hn::Set(d, sum);
  const Vector factor = hn::Set(d, scale);
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector difference = hn::Sub(load_first(dp + i, count), sums);
    const Vector scaled = hn::Mul(factor, load_first(p + i, count));
    store_first(hn::Mul(scaled, difference), dx + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
