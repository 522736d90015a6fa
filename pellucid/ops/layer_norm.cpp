// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/layer_norm.h"

#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/contrast.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/layer_norm.cpp"
#include "pellucid/ops/norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

float layer_norm_row(const float* x, const float* residual, const float* gain, const float* bias,
                     float epsilon, float* y, float* normalised, std::int64_t width) {
  return norm_row<true>(x, residual, gain, bias, epsilon, y, normalised, width);
}

void layer_norm_vjp_row(const float* normalised, float inverse, const float* gain, const float* dy,
                        float* dx, std::int64_t width) {
  norm_vjp_row<true>(normalised, inverse, gain, dy, dx, width);
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

/// The same by multipliers: rows of the real input, then as many of the baseline.
Tensor contrast_pull_back(const Saved& saved, const Tensor& dy) {
  const std::int64_t rows = saved.normalised.rows(), half = rows / 2;
  Tensor dx = Tensor::zeros(dy.shape());
  for (std::int64_t r = 0; r < dy.rows(); ++r) {
    const std::int64_t real = r % rows;
    if (real >= half) continue;
    contrast_norm({.normalised = saved.normalised.row(real),
                   .base_normalised = saved.normalised.row(half + real),
                   .inverse = saved.inverse.data()[real],
                   .base_inverse = saved.inverse.data()[half + real],
                   .gain = saved.gain.data(),
                   .width = dy.width()},
                  dy.row(r), dx.row(r));
  }
  return dx;
}

Tensor pull_back(const Saved& saved, Tensor dy, bool contrast) {
  return contrast ? contrast_pull_back(saved, dy) : pull_back(saved, std::move(dy));
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
  return record(std::move(y), {&x},
                [saved = std::move(saved), contrast = contrasts_all(x.tape)](
                    Tensor dy, InputCotangents& inputs) {
                  inputs.add(0, pull_back(saved, std::move(dy), contrast));
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
  const bool contrast = contrasts_all(x.tracked() ? x.tape : residual.tape);
  return record(std::move(y), {&x, &residual},
                [saved = std::move(saved), contrast](Tensor dy, InputCotangents& inputs) {
                  const Tensor dx = pull_back(saved, std::move(dy), contrast);
                  inputs.add(0, dx);
                  inputs.add(1, dx);
                });
}

}  // namespace pellucid
#endif
