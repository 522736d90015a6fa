// SPDX-License-Identifier: Apache-2.0
// What every file of SIMD kernels starts with. The file defines HWY_TARGET_INCLUDE as its own name
// and includes this header last: Highway then compiles it once for each instruction set, and the
// best one that the processor has is called (HWY_EXPORT, HWY_DYNAMIC_DISPATCH).
// Source of the coefficients: tools/fit_rationals.py

// Product tiles are arrays of vectors, which vectors of unknown size cannot form; on such machines
// NEON, or the portable target, serves.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(PELLUCID_OPS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PELLUCID_OPS_SIMD_INL_H_
#undef PELLUCID_OPS_SIMD_INL_H_
#else
#define PELLUCID_OPS_SIMD_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

/// Floats in a vector.
HWY_INLINE std::int64_t lanes() { return static_cast<std::int64_t>(hn::Lanes(Floats())); }

// Masked loads and stores touch nothing beyond the mask only where the processor has them.
#if !HWY_MEM_OPS_MIGHT_FAULT || HWY_TARGET == HWY_AVX2
constexpr bool kMaskedMemory = true;
#else
constexpr bool kMaskedMemory = false;
#endif

/// The first `count` floats, 0 < count <= lanes(), then zeros; reads nothing beyond them.
HWY_INLINE Vector load_first(const float* from, std::int64_t count) {
  const Floats d;
  if (count >= lanes()) return hn::LoadU(d, from);
  if constexpr (kMaskedMemory) {
    return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(count)), d, from);
  } else {
    HWY_ALIGN float padded[hn::MaxLanes(Floats())] = {};
    for (std::int64_t i = 0; i < count; ++i) padded[i] = from[i];
    return hn::Load(d, padded);
  }
}

/// Writes the first `count` lanes, 0 < count <= lanes(), and nothing beyond them.
HWY_INLINE void store_first(Vector v, float* to, std::int64_t count) {
  const Floats d;
  if (count >= lanes()) {
    hn::StoreU(v, d, to);
  } else if constexpr (kMaskedMemory) {
    hn::BlendedStore(v, hn::FirstN(d, static_cast<std::size_t>(count)), d, to);
  } else {
    HWY_ALIGN float padded[hn::MaxLanes(Floats())];
    hn::Store(v, d, padded);
    for (std::int64_t i = 0; i < count; ++i) to[i] = padded[i];
  }
}

/// body(i, count) for the vectors of `size` floats: at i, count = lanes(), less only for the last.
template <class Body>
HWY_INLINE void for_vectors(std::int64_t size, const Body& body) {
  const std::int64_t step = lanes();
  std::int64_t i = 0;
  for (; i + step <= size; i += step) body(i, step);
  if (i < size) body(i, size - i);
}

/// Sum of term(i, count) over the vectors of `size` floats. The order depends on size alone.
/// Terms beyond `count` must be zero.
template <class Term>
HWY_INLINE float sum_vectors(std::int64_t size, const Term& term) {
  const Floats d;
  const std::int64_t step = lanes();
  Vector s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  std::int64_t i = 0;
  for (; i + 4 * step <= size; i += 4 * step) {
    s0 = hn::Add(s0, term(i, step));
    s1 = hn::Add(s1, term(i + step, step));
    s2 = hn::Add(s2, term(i + 2 * step, step));
    s3 = hn::Add(s3, term(i + 3 * step, step));
  }
  for (; i < size; i += step) s0 = hn::Add(s0, term(i, size - i < step ? size - i : step));
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

/// Zeroes the lanes from `count` on.
HWY_INLINE Vector keep_first(Vector v, std::int64_t count) {
  if (count >= lanes()) return v;
  return hn::IfThenElseZero(hn::FirstN(Floats(), static_cast<std::size_t>(count)), v);
}

/// c[0] + c[1] w + c[2] w^2 ...
template <std::size_t kCount>
HWY_INLINE Vector polynomial(Vector w, const std::array<float, kCount>& c) {
  const Floats d;
  Vector sum = hn::Set(d, c[kCount - 1]);
  for (std::size_t i = kCount - 1; i-- > 0;) sum = hn::MulAdd(sum, w, hn::Set(d, c[i]));
  return sum;
}

/// e^x for x <= 1, to 2 ulps; 0 below -87, where floats lose precision. NaN stays NaN.
HWY_INLINE Vector exp_nonpositive(Vector x) {
  const Floats d;
  const hn::RebindToUnsigned<Floats> du;
  // Adding 1.5 * 2^23 rounds to an integer n and leaves n + 127, the exponent of 2^n, in the low
  // bits.
  const Vector magic = hn::Set(d, 12582912.0F + 127.0F);
  const Vector biased = hn::MulAdd(x, hn::Set(d, 1.442695041F), magic);
  const Vector n = hn::Sub(biased, magic);
  const Vector power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(du, biased)));
  // log 2 in two parts, the first with trailing zeros so that its product with n is exact.
  const Vector high = hn::NegMulAdd(n, hn::Set(d, 0.693359375F), x);
  const Vector r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4F), high);
  const Vector fraction =
      polynomial(r, std::array{1.0F, 1.0F, 0.4999999208F, 0.1666642017F, 0.04166822655F,
                               0.008374815495F, 0.001383679088F});
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.0F)), hn::Mul(fraction, power));
}

/// erf x, to 2 ulps.
HWY_INLINE Vector erf(Vector x) {
  const Floats d;
  const Vector one = hn::Set(d, 1.0F);
  const Vector w = hn::Mul(x, x);
  const Vector p = polynomial(
      w, std::array{1.128379136F, 0.1897096407F, 0.05149714162F, 0.003580663139F, 2.303603348e-4F});
  const Vector q = polynomial(w, std::array{1.0F, 0.5014582243F, 0.1127956462F, 0.01442571284F,
                                            0.001053678975F, 2.315805994e-5F, -1.12205769e-7F});
  const auto outside = hn::Ge(hn::Abs(x), hn::Set(d, 3.9196F));
  return hn::IfThenElse(outside, hn::CopySign(one, x), hn::Div(hn::Mul(x, p), q));
}

/// tanh x, to 3 ulps.
HWY_INLINE Vector tanh(Vector x) {
  const Floats d;
  const Vector one = hn::Set(d, 1.0F);
  const Vector w = hn::Mul(x, x);
  const Vector p = polynomial(w, std::array{1.0F, 0.1368035235F, 0.003868875488F, 2.801849819e-5F,
                                            3.061151807e-8F, -1.222306997e-11F});
  const Vector q = polynomial(
      w, std::array{1.0F, 0.4701368443F, 0.02724784396F, 3.939596397e-4F, 1.288137225e-6F});
  const auto outside = hn::Ge(hn::Abs(x), hn::Set(d, 9.011F));
  return hn::IfThenElse(outside, hn::CopySign(one, x), hn::Div(hn::Mul(x, p), q));
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
