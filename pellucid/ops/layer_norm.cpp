// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/layer_norm.h"

#include <cmath>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/layer_norm.cpp"
#include "pellucid/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// One row of the forward.  Returns 1 / sqrt(variance + epsilon).
/// x, y: [width], may be the same   residual, normalised: [width] or null   gain, bias: [width]
float layer_norm_row(const float* x, const float* residual, const float* gain, const float* bias,
                     float epsilon, float* y, float* normalised, std::int64_t width) {
  const Floats d;
  const auto length = static_cast<float>(width);
  const float* sums = residual == nullptr ? x : y;
  const float sum = sum_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    Vector v = load_first(x + i, count);
    if (residual != nullptr) {
      v = hn::Add(v, load_first(residual + i, count));
      store_first(v, y + i, count);
    }
    return v;
  });
  const Vector mean = hn::Set(d, sum / length);
  const float squares = sum_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector v = hn::Sub(load_first(sums + i, count), mean);
    return keep_first(hn::Mul(v, v), count);
  });
  const float inverse = 1 / std::sqrt(squares / length + epsilon);
  const Vector factor = hn::Set(d, inverse);
  for_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector v = hn::Mul(hn::Sub(load_first(sums + i, count), mean), factor);
    if (normalised != nullptr) store_first(v, normalised + i, count);
    const Vector result = hn::MulAdd(v, load_first(gain + i, count), load_first(bias + i, count));
    store_first(result, y + i, count);
  });
  return inverse;
}

/// One row of the VJP: with g = dy gain and n the normalised row,
/// dx = inverse (g - mean(g) - n mean(g n)).  dx and dy may be the same
void layer_norm_vjp_row(const float* normalised, float inverse, const float* gain, const float* dy,
                        float* dx, std::int64_t width) {
  const Floats d;
  const auto length = static_cast<float>(width);
  const auto g = [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    return hn::Mul(load_first(dy + i, count), load_first(gain + i, count));
  };
  const Vector mean = hn::Set(d, sum_vectors(width, g) / length);
  const float product = sum_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    return hn::Mul(g(i, count), load_first(normalised + i, count));
  });
  const Vector slope = hn::Set(d, product / length);
  const Vector factor = hn::Set(d, inverse);
  for_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector centred = hn::Sub(g(i, count), mean);
    const Vector v = hn::NegMulAdd(load_first(normalised + i, count), slope, centred);
    store_first(hn::Mul(v, factor), dx + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(layer_norm_row);
HWY_EXPORT(layer_norm_vjp_row);

/// Rows that make a thread worth waking.
std::int64_t grain(std::int64_t width) { return 16384 / (width + 1) + 1; }

struct Saved {
  Tensor normalised;  // [rows, width]
  Tensor inverse;     // [rows]
  Tensor gain;        // [width]
};

/// dy: [K * rows, width]
Tensor pull_back(const Saved& saved, Tensor dy) {
  const float* from = dy.data();
  const std::int64_t rows = saved.normalised.rows();
  const std::int64_t width = dy.width();
  const std::int64_t count = rows == 0 ? 0 : dy.rows() / rows;
  Tensor dx = in_place_or_new(dy);
  parallel_for(rows, grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t k = 0; k < count; ++k) {
        HWY_DYNAMIC_DISPATCH(layer_norm_vjp_row)
        (saved.normalised.row(r), saved.inverse.data()[r], saved.gain.data(),
         from + (k * rows + r) * width, dx.row(k * rows + r), width);
      }
    }
  });
  return dx;
}

struct Affine {
  const Tensor& gain;
  const Tensor& bias;
  float epsilon;
};

/// y: [rows, width], may be x   x, residual: as y; residual may be null   saved: filled if given
void forward(const float* x, const float* residual, const Affine& affine, Tensor& y, Saved* saved) {
  const std::int64_t width = y.width();
  check(affine.gain.size() == width && affine.bias.size() == width,
        "layer_norm: gain is {} and bias {}, expected [{}]", affine.gain.shape().text(),
        affine.bias.shape().text(), width);
  if (saved != nullptr) {
    *saved = {Tensor::uninitialized({y.rows(), width}), Tensor::uninitialized({y.rows()}),
              affine.gain};
  }
  parallel_for(y.rows(), grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const float inverse = HWY_DYNAMIC_DISPATCH(layer_norm_row)(
          x + r * width, residual == nullptr ? nullptr : residual + r * width, affine.gain.data(),
          affine.bias.data(), affine.epsilon, y.row(r),
          saved == nullptr ? nullptr : saved->normalised.row(r), width);
      if (saved != nullptr) saved->inverse.data()[r] = inverse;
    }
  });
}

}  // namespace

Variable layer_norm(const Variable& x, const Tensor& gain, const Tensor& bias, float epsilon) {
  Tensor y = Tensor::uninitialized(x.value.shape());
  Saved saved;
  forward(x.value.data(), nullptr, {gain, bias, epsilon}, y, x.tracked() ? &saved : nullptr);
  if (!x.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&x}, [saved = std::move(saved)](Tensor dy, InputCotangents& inputs) {
    Tensor dx = pull_back(saved, std::move(dy));
    inputs.add(0, std::move(dx));
  });
}

Variable add_layer_norm(Variable x, const Variable& residual, const Tensor& gain,
                        const Tensor& bias, float epsilon) {
  check(x.value.shape() == residual.value.shape(), "add_layer_norm: x is {} and the residual {}",
        x.value.shape().text(), residual.value.shape().text());
  const bool tracked = any_tracked({&x, &residual});
  const float* from = x.value.data();
  Tensor y = in_place_or_new(x.value);
  Saved saved;
  forward(from, residual.value.data(), {gain, bias, epsilon}, y, tracked ? &saved : nullptr);
  if (!tracked) return Variable(std::move(y));
  return record(std::move(y), {&x, &residual},
                [saved = std::move(saved)](Tensor dy, InputCotangents& inputs) {
                  const Tensor dx = pull_back(saved, std::move(dy));
                  inputs.add(0, dx);
                  inputs.add(1, dx);
                });
}

}  // namespace pellucid
#endif
