// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/affine.h"

#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/affine.cpp"
#include "pellucid/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// y = gain x + bias, or gain x without a bias.  all: [width]; y may be x
void affine_row(const float* x, const float* gain, const float* bias, float* y,
                std::int64_t width) {
  for_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector a = load_first(x + i, count), b = load_first(gain + i, count);
    store_first(bias == nullptr ? hn::Mul(a, b) : hn::MulAdd(a, b, load_first(bias + i, count)),
                y + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(affine_row);

/// bias: may be null
Tensor affine_rows(Tensor x, const Tensor& gain, const float* bias) {
  const float* from = x.data();
  Tensor y = in_place_or_new(x);
  const std::int64_t width = y.width();
  parallel_for(y.rows(), 32768 / (width + 1) + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      HWY_DYNAMIC_DISPATCH(affine_row)(from + r * width, gain.data(), bias, y.row(r), width);
    }
  });
  return y;
}

}  // namespace

Variable affine(Variable x, const Tensor& gain, const Tensor& bias) {
  check(gain.size() == x.width() && bias.size() == x.width(),
        "affine: gain is {} and bias {}, expected [{}]", gain.shape().text(), bias.shape().text(),
        x.width());
  Tensor y = affine_rows(std::move(x.value), gain, bias.data());
  if (!x.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&x}, [gain](Tensor dy, InputCotangents& inputs) {
    inputs.add(0, affine_rows(std::move(dy), gain, nullptr));
  });
}

}  // namespace pellucid
#endif
