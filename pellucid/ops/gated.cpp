// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/gated.h"

#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/contrast.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/gated.cpp"
#include "pellucid/ops/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// One row.  a, b, y: [width]   slopes: [2 width], those of a and of b, or null
struct GatedRow {
  const float *a, *b;
  float *y, *slopes;
  std::int64_t width;

  template <class Function>
  void run() const {
    for_vectors(width, [this](std::int64_t i, std::int64_t count) HWY_ATTR {
      const Point point = Function::at(load_first(a + i, count));
      const Vector factor = load_first(b + i, count);
      store_first(hn::Mul(point.value, factor), y + i, count);
      if (slopes == nullptr) return;
      store_first(hn::Mul(point.slope, factor), slopes + i, count);
      store_first(point.value, slopes + width + i, count);
    });
  }
};

void gated_row(Activation kind, const float* x, float* y, float* slopes, std::int64_t width) {
  visit_activation(kind, GatedRow{x, x + width, y, slopes, width});
}

/// dx = dy slopes for both halves.  dy: [width]   slopes, dx: [2 width]
void gated_vjp_row(const float* dy, const float* slopes, float* dx, std::int64_t width) {
  for_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector cotangent = load_first(dy + i, count);
    store_first(hn::Mul(cotangent, load_first(slopes + i, count)), dx + i, count);
    store_first(hn::Mul(cotangent, load_first(slopes + width + i, count)), dx + width + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(gated_row);
HWY_EXPORT(gated_vjp_row);

/// Rows that make a thread worth waking.
std::int64_t grain(std::int64_t width) { return 8192 / (width + 1) + 1; }

}  // namespace

Variable gated(Activation kind, const Variable& x) {
  check(x.width() % 2 == 0, "gated: x is {}, expected two halves", x.value.shape().text());
  const std::int64_t width = x.width() / 2;
  Tensor y = Tensor::uninitialized({x.rows(), width});
  Tensor slopes = x.tracked() ? Tensor::uninitialized(x.value.shape()) : Tensor();
  parallel_for(y.rows(), grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      HWY_DYNAMIC_DISPATCH(gated_row)
      (kind, x.value.row(r), y.row(r), slopes.defined() ? slopes.row(r) : nullptr, width);
    }
  });
  if (!x.tracked()) return Variable(std::move(y));
  if (contrasts_all(x.tape)) contrast_gated(x.value, slopes);
  return record(std::move(y), {&x}, [slopes](const Tensor& dy, InputCotangents& inputs) {
    const std::int64_t rows = slopes.rows();
    Tensor dx = Tensor::uninitialized({dy.rows(), slopes.width()});
    parallel_for(dy.rows(), grain(dy.width()), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        HWY_DYNAMIC_DISPATCH(gated_vjp_row)
        (dy.row(r), slopes.row(r % rows), dx.row(r), dy.width());
      }
    });
    inputs.add(0, std::move(dx));
  });
}

}  // namespace pellucid
#endif
