// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/activation.h"

#include <algorithm>
#include <limits>
#include <numbers>

#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

template <class T>
T sigmoid_of(T x) {
  using std::exp;
  return T(1) / (T(1) + exp(-x));
}

template <class T>
T formula_of(Activation kind, T x) {
  using std::erf;
  using std::exp;
  using std::log;
  using std::tanh;
  const T zero(0), one(1), half(0.5);
  switch (kind) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return zero < x ? x : zero;
    case Activation::relu_squared:
      return zero < x ? x * x : zero;
    case Activation::gelu:
      return half * x * (one + erf(x * T(1 / std::numbers::sqrt2)));
    case Activation::gelu_tanh:
      return half * x *
             (one + tanh(T(std::sqrt(2 / std::numbers::pi)) * (x + T(0.044715) * x * x * x)));
    case Activation::quick_gelu:
      return x * sigmoid_of(T(1.702) * x);
    case Activation::silu:
      return x * sigmoid_of(x);
    case Activation::mish:
      return x * tanh(log(one + exp(x)));
    case Activation::sigmoid:
      return sigmoid_of(x);
    case Activation::tanh:
      return tanh(x);
  }
  return zero;
}

TestedOp tested_activation(Activation kind) {
  return tested([kind](const std::vector<Variable>& x) { return activation(kind, x[0]); },
                [kind](const auto& x) {
                  auto y = x[0];
                  for (auto& value : y) value = formula_of(kind, value);
                  return y;
                });
}

constexpr Activation kAll[] = {
    Activation::identity,  Activation::relu,       Activation::relu_squared, Activation::gelu,
    Activation::gelu_tanh, Activation::quick_gelu, Activation::silu,         Activation::mish,
    Activation::sigmoid,   Activation::tanh};

/// x from -range to range.
Tensor sweep(float range, std::int64_t size) {
  Tensor x = Tensor::uninitialized({1, size});
  for (std::int64_t i = 0; i < size; ++i) {
    x.data()[i] = range * (2 * static_cast<float>(i) / static_cast<float>(size - 1) - 1);
  }
  return x;
}

TEST(Activation, FormulaAndVjp) {
  for (const Activation kind : kAll) {
    SCOPED_TRACE(static_cast<int>(kind));
    const TestedOp op = tested_activation(kind);
    for (const Shape& shape : {Shape{3, 37}, Shape{1, 1}, Shape{5, 16}, Shape{2, 1000}}) {
      check_op(op, {random_tensor(shape, 1, 3)});
    }
    check_many_cotangents(op, {Tensor::zeros({0, 4})});
    check_rows_alone(op, {random_tensor({4, 21}, 2, 2)});
  }
}

void check_values(Activation kind, const Tensor& x) {
  const Tensor y = activation(kind, Variable(x)).value;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double argument = x.data()[i];
    const double expected = formula_of(kind, argument);
    const double size = std::max({1.0, std::abs(argument), std::abs(expected)});
    ASSERT_NEAR(y.data()[i], expected, 3e-7 * size) << argument;
  }
}

TEST(Activation, AccurateOverTheWholeRange) {
  for_each_target([] {
    for (const Activation kind : kAll) {
      SCOPED_TRACE(static_cast<int>(kind));
      check_values(kind, sweep(12, 40001));
      check_values(kind, sweep(90, 4001));
    }
  });
}

TEST(Activation, SlopesAreAccurateEverywhere) {
  for_each_target([] {
    for (const Activation kind : kAll) {
      SCOPED_TRACE(static_cast<int>(kind));
      const Tensor x = sweep(20, 20000);
      Tensor ones = Tensor::uninitialized(x.shape());
      std::fill_n(ones.data(), ones.size(), 1.0F);
      const Tensor slopes = pull_back(tested_activation(kind), {x}, ones)[0];
      for (std::int64_t i = 0; i < x.size(); ++i) {
        const double expected = formula_of(kind, Dual(x.data()[i], 1)).slope;
        ASSERT_NEAR(slopes.data()[i], expected, 1e-6 * (1 + std::abs(expected))) << x.data()[i];
      }
    }
  });
}

TEST(Activation, KeepsNanAndLimits) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Activation kind : {Activation::gelu, Activation::gelu_tanh, Activation::silu,
                                Activation::tanh, Activation::sigmoid, Activation::mish}) {
    const Tensor x = Tensor::from(std::vector{std::nanf(""), infinity, 1e30F, -1e30F}, {4});
    const Tensor y = activation(kind, Variable(x)).value;
    const bool bounded = kind == Activation::tanh || kind == Activation::sigmoid;
    EXPECT_TRUE(std::isnan(y.data()[0]));
    EXPECT_EQ(y.data()[1], bounded ? 1 : infinity);
    EXPECT_EQ(y.data()[2], bounded ? 1 : 1e30F);
    EXPECT_EQ(y.data()[3], kind == Activation::tanh ? -1 : 0);
  }
}

TEST(Activation, OverwritesWhatNoOneElseHolds) {
  Variable x(random_tensor({3, 5}, 4));
  const float* storage = x.value.data();
  const Tensor held = x.value;
  const Variable copied = activation(Activation::gelu, x);
  EXPECT_NE(copied.value.data(), storage);
  EXPECT_TRUE(same_bits(held, random_tensor({3, 5}, 4)));
  Variable alone(random_tensor({3, 5}, 4));
  storage = alone.value.data();
  const Variable y = activation(Activation::gelu, std::move(alone));
  EXPECT_EQ(y.value.data(), storage);
  EXPECT_TRUE(y.value.unique());
  EXPECT_TRUE(same_bits(y.value, copied.value));
}

TEST(Activation, Names) {
  EXPECT_EQ(parse_activation("gelu"), Activation::gelu);
  EXPECT_EQ(parse_activation("gelu_new"), Activation::gelu_tanh);
  EXPECT_EQ(parse_activation("gelu_fast"), Activation::gelu_tanh);
  EXPECT_EQ(parse_activation("swish"), Activation::silu);
  EXPECT_EQ(parse_activation("relu2"), Activation::relu_squared);
  EXPECT_EQ(parse_activation("linear"), Activation::identity);
  for (const char* unknown : {"gelu_10", "laplace", "GELU", "", "gelu "}) {
    EXPECT_EQ(parse_activation(unknown), std::nullopt) << unknown;
  }
  const auto names = activation_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const auto name : names) EXPECT_TRUE(parse_activation(name)) << name;
}

}  // namespace
}  // namespace pellucid
