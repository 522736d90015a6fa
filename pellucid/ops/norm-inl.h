// SPDX-License-Identifier: Apache-2.0
// Kernels of one normalised row, which layer_norm and block_norm share: LayerNorm subtracts the
// mean, RMS norm does not.

#include "pellucid/ops/simd-inl.h"

#if defined(PELLUCID_OPS_NORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PELLUCID_OPS_NORM_INL_H_
#undef PELLUCID_OPS_NORM_INL_H_
#else
#define PELLUCID_OPS_NORM_INL_H_
#endif

#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// One row of the forward.  Returns 1 / sqrt(mean square + epsilon).
/// x, y: [width], may be the same   residual, normalised: [width] or null   gain: [width]
/// bias: [width] or null
template <bool kCentred>
HWY_INLINE float norm_row(const float* x, const float* residual, const float* gain,
                          const float* bias, float epsilon, float* y, float* normalised,
                          std::int64_t width) {
  const Floats d;
  const auto length = static_cast<float>(width);
  const float* sums = residual == nullptr ? x : y;
  float sum = 0;
  if (kCentred || residual != nullptr) {
    sum = sum_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
      Vector v = load_first(x + i, count);
      if (residual != nullptr) {
        v = hn::Add(v, load_first(residual + i, count));
        store_first(v, y + i, count);
      }
      return v;
    });
  }
  const Vector mean = hn::Set(d, kCentred ? sum / length : 0.0F);
  const auto centred = [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector v = load_first(sums + i, count);
    return kCentred ? hn::Sub(v, mean) : v;
  };
  const float squares = sum_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector v = centred(i, count);
    return keep_first(hn::Mul(v, v), count);
  });
  const float inverse = 1 / std::sqrt(squares / length + epsilon);
  const Vector factor = hn::Set(d, inverse);
  for_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector v = hn::Mul(centred(i, count), factor);
    if (normalised != nullptr) store_first(v, normalised + i, count);
    const Vector factors = load_first(gain + i, count);
    store_first(
        bias == nullptr ? hn::Mul(v, factors) : hn::MulAdd(v, factors, load_first(bias + i, count)),
        y + i, count);
  });
  return inverse;
}

/// One row of the VJP: with g = dy gain and n the normalised row,
/// dx = inverse (g - mean(g) - n mean(g n)), without mean(g) for RMS norm.  dx and dy may be the
/// same
template <bool kCentred>
HWY_INLINE void norm_vjp_row(const float* normalised, float inverse, const float* gain,
                             const float* dy, float* dx, std::int64_t width) {
  const Floats d;
  const auto length = static_cast<float>(width);
  const auto g = [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    return hn::Mul(load_first(dy + i, count), load_first(gain + i, count));
  };
  const Vector mean = hn::Set(d, kCentred ? sum_vectors(width, g) / length : 0.0F);
  const float product = sum_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    return hn::Mul(g(i, count), load_first(normalised + i, count));
  });
  const Vector slope = hn::Set(d, product / length);
  const Vector factor = hn::Set(d, inverse);
  for_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector centred = kCentred ? hn::Sub(g(i, count), mean) : g(i, count);
    const Vector v = hn::NegMulAdd(load_first(normalised + i, count), slope, centred);
    store_first(hn::Mul(v, factor), dx + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
