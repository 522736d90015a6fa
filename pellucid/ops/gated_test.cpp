// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/gated.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

/// silu(a) b
TestedOp tested_silu(std::int64_t width) {
  return tested([](const std::vector<Variable>& x) { return gated(Activation::silu, x[0]); },
                [width](const auto& x) {
                  using std::exp;
                  using T = typename std::decay_t<decltype(x[0])>::value_type;
                  std::vector<T> y(x[0].size() / 2);
                  const auto size = static_cast<std::size_t>(width);
                  for (std::size_t i = 0; i < y.size(); ++i) {
                    const T a = x[0][i / size * 2 * size + i % size];
                    const T b = x[0][i / size * 2 * size + size + i % size];
                    y[i] = a / (T(1) + exp(T(0) - a)) * b;
                  }
                  return y;
                });
}

TEST(Gated, FormulaAndVjp) {
  for_each_target([] {
    for (const std::int64_t width : {1, 7, 16, 50}) {
      SCOPED_TRACE(width);
      check_op(tested_silu(width), {random_tensor({4, 2 * width}, 1)}, 2e-6);
      check_rows_alone(tested_silu(width), {random_tensor({4, 2 * width}, 1)});
    }
  });
}

TEST(Gated, IsTheActivationTimesTheOtherHalf) {
  const Tensor x = random_tensor({1, 40}, 1);
  for (const std::string_view name : activation_names()) {
    SCOPED_TRACE(name);
    const Activation kind = *parse_activation(name);
    const Tensor y = gated(kind, Variable(x)).value;
    const Tensor f = activation(kind, Variable(x.clone())).value;
    for (std::int64_t i = 0; i < 20; ++i) EXPECT_EQ(y.data()[i], f.data()[i] * x.data()[20 + i]);
  }
}

TEST(Gated, RefusesOddWidths) {
  EXPECT_THROW(gated(Activation::silu, Variable(Tensor::zeros({2, 3}))), Error);
}

}  // namespace
}  // namespace pellucid
