// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/rotary.h"

#include <algorithm>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/rotary.cpp"
#include "pellucid/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// One head of one row, in place.  cosines, sines: [pairs]   x: [2 pairs]
/// sign: 1, or -1 for the opposite angles
void turn_head(const float* cosines, const float* sines, float sign, bool interleaved, float* x,
               std::int64_t pairs) {
  if (interleaved) {
    for (std::int64_t i = 0; i < pairs; ++i) {
      const float a = x[2 * i], b = x[2 * i + 1], sine = sign * sines[i];
      x[2 * i] = a * cosines[i] - b * sine;
      x[2 * i + 1] = b * cosines[i] + a * sine;
    }
    return;
  }
  const Vector signs = hn::Set(Floats(), sign);
  for_vectors(pairs, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector a = load_first(x + i, count), b = load_first(x + pairs + i, count);
    const Vector cosine = load_first(cosines + i, count);
    const Vector sine = hn::Mul(signs, load_first(sines + i, count));
    store_first(hn::NegMulAdd(b, sine, hn::Mul(a, cosine)), x + i, count);
    store_first(hn::MulAdd(a, sine, hn::Mul(b, cosine)), x + pairs + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(turn_head);

/// Rows that make a thread worth waking.
std::int64_t grain(std::int64_t width) { return 32768 / (width + 1) + 1; }

/// y: [K * rows, columns]
void turn(const RotaryAngles& angles, const RotaryShape& shape, float sign, Tensor& y) {
  const std::int64_t rows = angles.cosines.rows(), pairs = angles.cosines.width();
  parallel_for(y.rows(), grain(y.width()), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t head = 0; head < shape.heads; ++head) {
        HWY_DYNAMIC_DISPATCH(turn_head)
        (angles.cosines.row(r % rows), angles.sines.row(r % rows), sign, shape.interleaved,
         y.row(r) + head * shape.width, pairs);
      }
    }
  });
}

/// x itself if no one else holds it, else a copy.
Tensor own_copy(Tensor& x) { return x.unique() ? std::exchange(x, Tensor()) : x.clone(); }

}  // namespace

Variable rotary(Variable x, const RotaryAngles& angles, const RotaryShape& shape) {
  const Shape& found = angles.cosines.shape();
  check(found == angles.sines.shape() && found.rows() == x.rows() &&
            2 * found.width() <= shape.width && shape.heads * shape.width <= x.width(),
        "rotary: angles {} and {} heads of width {} do not fit x, which is {}", found.text(),
        shape.heads, shape.width, x.value.shape().text());
  Tensor y = own_copy(x.value);
  turn(angles, shape, 1, y);
  if (!x.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&x}, [angles, shape](Tensor dy, InputCotangents& inputs) {
    Tensor dx = own_copy(dy);
    turn(angles, shape, -1, dx);
    inputs.add(0, std::move(dx));
  });
}

}  // namespace pellucid
#endif
