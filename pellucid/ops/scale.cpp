// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/scale.h"

#include <utility>

#include "pellucid/base/parallel.h"
#include "pellucid/ops/in_place.h"

namespace pellucid {
namespace {

constexpr std::int64_t kGrain = 32768;  // floats for which a thread is worth waking

Tensor scaled(Tensor x, float factor) {
  const float* from = x.data();
  Tensor y = in_place_or_new(x);
  parallel_for(y.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y.data()[i] = factor * from[i];
  });
  return y;
}

}  // namespace

Variable scale(Variable x, float factor) {
  if (factor == 1) return x;
  Tensor y = scaled(std::exchange(x.value, Tensor()), factor);
  if (!x.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&x}, [factor](Tensor dy, InputCotangents& inputs) {
    Tensor dx = scaled(std::move(dy), factor);
    inputs.add(0, std::move(dx));
  });
}

}  // namespace pellucid
