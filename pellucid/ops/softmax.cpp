// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/softmax.h"

#include <algorithm>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/contrast.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/softmax.cpp"
#include "pellucid/ops/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

void softmax_row(const float* x, float* p, std::int64_t width) {
  const float sum = row_exponentials(x, 1, row_maximum(x, width), p, width);
  row_scale(p, 1 / sum, p, width);
}

void softmax_vjp_row(const float* p, const float* dp, float* dx, std::int64_t width) {
  row_softmax_vjp(p, dp, 1, dx, width);
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(softmax_row);
HWY_EXPORT(softmax_vjp_row);

/// Rows that make a thread worth waking.
std::int64_t grain(std::int64_t width) { return 8192 / (width + 1) + 1; }

/// p: [rows, width]   dp: [K * rows, width]
void pull_back(const Tensor& p, Tensor dp, InputCotangents& inputs) {
  const float* from = dp.data();
  const std::int64_t width = dp.width();
  Tensor dx = in_place_or_new(dp);
  parallel_for(dx.rows(), grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      HWY_DYNAMIC_DISPATCH(softmax_vjp_row)
      (p.row(r % p.rows()), from + r * width, dx.row(r), width);
    }
  });
  inputs.add(0, std::move(dx));
}

}  // namespace

Variable softmax(Variable x) {
  if (x.value.size() == 0) return x;
  const float* from = x.value.data();
  const std::int64_t width = x.width();
  Tensor p = in_place_or_new(x.value);
  parallel_for(p.rows(), grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      HWY_DYNAMIC_DISPATCH(softmax_row)(from + r * width, p.row(r), width);
    }
  });
  if (!x.tracked()) return Variable(std::move(p));
  check(!contrasts_all(x.tape),
        "deep-lift is not defined for mixtures of experts: which experts run is no function of "
        "numbers (rules=captum takes gradients there)");
  return record(p, {&x},
                [p](Tensor dp, InputCotangents& inputs) { pull_back(p, std::move(dp), inputs); });
}

}  // namespace pellucid
#endif
