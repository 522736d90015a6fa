// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/add.h"

#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/add.cpp"
#include "pellucid/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// sum = a + b   all: [size]; sum may be a
void add_range(const float* a, const float* b, float* sum, std::int64_t size) {
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    store_first(hn::Add(load_first(a + i, count), load_first(b + i, count)), sum + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(add_range);

constexpr std::int64_t kGrain = 32768;  // floats for which a thread is worth waking

/// a + b, in a's storage when no one else holds it.
Tensor sum_of(Tensor& a, const Tensor& b) {
  check(a.shape() == b.shape(), "add: the terms are {} and {}, expected one shape",
        a.shape().text(), b.shape().text());
  const float* from = a.data();
  Tensor sum = in_place_or_new(a);
  parallel_for(sum.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(add_range)
    (from + begin, b.data() + begin, sum.data() + begin, end - begin);
  });
  return sum;
}

}  // namespace

Variable add(Variable a, const Variable& b) {
  Tensor sum = sum_of(a.value, b.value);
  if (!any_tracked({&a, &b})) return Variable(std::move(sum));
  return record(std::move(sum), {&a, &b}, [](const Tensor& dy, InputCotangents& inputs) {
    inputs.add(0, dy);
    inputs.add(1, dy);
  });
}

Variable add_constant(Variable x, const Tensor& constant) {
  Tensor sum = sum_of(x.value, constant);
  if (!x.tracked()) return Variable(std::move(sum));
  return record(std::move(sum), {&x},
                [](Tensor dy, InputCotangents& inputs) { inputs.add(0, std::move(dy)); });
}

}  // namespace pellucid
#endif
