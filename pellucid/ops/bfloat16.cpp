// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/bfloat16.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/bfloat16.cpp"
#include "pellucid/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

using Words = hn::RebindToUnsigned<Floats>;        // 32 bits
using Halves = hn::Rebind<std::uint16_t, Floats>;  // as many of 16 bits
using WordVector = hn::Vec<Words>;

/// The bfloat16 nearest to each float, in the upper half of each word; the lower half is 0.
HWY_INLINE WordVector rounded(Vector x) {
  const Words d;
  const WordVector bits = hn::BitCast(d, x);
  const WordVector odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1));
  const WordVector near = hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7FFF)));
  // Adding could carry the payload of a NaN into its exponent: it keeps its bits and turns quiet.
  const WordVector quiet = hn::Or(bits, hn::Set(d, 0x400000));
  const auto is_nan = hn::RebindMask(d, hn::IsNaN(x));
  return hn::And(hn::IfThenElse(is_nan, quiet, near), hn::Set(d, 0xFFFF0000U));
}

/// The upper halves of `count` words.
HWY_INLINE void store_upper(WordVector words, std::uint16_t* to, std::int64_t count) {
  const Halves d;
  const auto halves = hn::TruncateTo(d, hn::ShiftRight<16>(words));
  if (count >= lanes()) return hn::StoreU(halves, d, to);
  HWY_ALIGN std::uint16_t padded[hn::MaxLanes(Halves())];
  hn::Store(halves, d, padded);
  for (std::int64_t i = 0; i < count; ++i) to[i] = padded[i];
}

void round_range(const float* x, std::int64_t size, std::uint16_t* y) {
  for_vectors(size, [&](std::int64_t i, std::int64_t count)
                        HWY_ATTR { store_upper(rounded(load_first(x + i, count)), y + i, count); });
}

void split_range(const float* x, std::int64_t size, std::uint16_t* high, std::uint16_t* low) {
  const Floats d;
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector value = load_first(x + i, count);
    const WordVector upper = rounded(value);
    const Vector rest = hn::Sub(value, hn::BitCast(d, upper));
    // Infinity less infinity is no number.
    const Vector finite_rest = hn::IfThenElseZero(hn::IsFinite(hn::BitCast(d, upper)), rest);
    store_upper(upper, high + i, count);
    store_upper(rounded(finite_rest), low + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(round_range);
HWY_EXPORT(split_range);

}  // namespace

void round_to_bf16(const float* x, std::int64_t size, std::uint16_t* y) {
  HWY_DYNAMIC_DISPATCH(round_range)(x, size, y);
}

void split_to_bf16(const float* x, std::int64_t size, std::uint16_t* high, std::uint16_t* low) {
  HWY_DYNAMIC_DISPATCH(split_range)(x, size, high, low);
}

}  // namespace pellucid
#endif
