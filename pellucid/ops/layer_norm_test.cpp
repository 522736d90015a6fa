// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/layer_norm.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

constexpr float kEpsilon = 1e-5F;

template <class T>
std::vector<T> formula(std::vector<T> x, const Tensor& gain, const Tensor& bias) {
  using std::sqrt;
  const auto width = static_cast<std::size_t>(gain.size());
  for (std::size_t start = 0; start < x.size(); start += width) {
    T mean(0), variance(0);
    for (std::size_t i = 0; i < width; ++i) mean += x[start + i];
    mean = mean / T(double(width));
    for (std::size_t i = 0; i < width; ++i) {
      variance += (x[start + i] - mean) * (x[start + i] - mean);
    }
    const T deviation = sqrt(variance / T(double(width)) + T(double(kEpsilon)));
    for (std::size_t i = 0; i < width; ++i) {
      x[start + i] = (x[start + i] - mean) / deviation * T(double(gain.values()[i])) +
                     T(double(bias.values()[i]));
    }
  }
  return x;
}

TestedOp tested_layer_norm(std::int64_t width) {
  const Tensor gain = random_tensor({width}, 20), bias = random_tensor({width}, 21);
  return tested(
      [=](const std::vector<Variable>& x) { return layer_norm(x[0], gain, bias, kEpsilon); },
      [=](const auto& x) { return formula(x[0], gain, bias); });
}

TestedOp tested_add_layer_norm(std::int64_t width) {
  const Tensor gain = random_tensor({width}, 20), bias = random_tensor({width}, 21);
  return tested(
      [=](const std::vector<Variable>& x) {
        return add_layer_norm(x[0], x[1], gain, bias, kEpsilon);
      },
      [=](const auto& x) {
        auto sum = x[0];
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += x[1][i];
        return formula(sum, gain, bias);
      });
}

constexpr std::int64_t kWidths[] = {1, 2, 5, 8, 31, 64, 100, 768};

TEST(LayerNorm, FormulaAndVjp) {
  for_each_target([] {
    for (const std::int64_t width : kWidths) {
      SCOPED_TRACE(width);
      check_op(tested_layer_norm(width), {random_tensor({3, width}, 1, 2)}, 3e-6, 3e-5);
      check_op(tested_add_layer_norm(width),
               {random_tensor({3, width}, 1, 2), random_tensor({3, width}, 2)}, 3e-6, 3e-5);
    }
  });
}

TEST(LayerNorm, LongRows) {
  check_op(tested_layer_norm(20000), {random_tensor({2, 20000}, 1)}, 3e-6, 3e-5);
}

TEST(LayerNorm, RowsStandAlone) {
  check_rows_alone(tested_layer_norm(100), {random_tensor({7, 100}, 3)});
  check_rows_alone(tested_add_layer_norm(100),
                   {random_tensor({7, 100}, 3), random_tensor({7, 100}, 4)});
}

TEST(LayerNorm, NoRows) { check_many_cotangents(tested_layer_norm(4), {Tensor::zeros({0, 4})}); }

TEST(LayerNorm, FusedIsSumThenNorm) {
  const Tensor a = random_tensor({6, 77}, 1), b = random_tensor({6, 77}, 2);
  const Tensor gain = random_tensor({77}, 3), bias = random_tensor({77}, 4);
  const Variable fused = add_layer_norm(Variable(a), Variable(b), gain, bias, kEpsilon);
  const Variable apart = layer_norm(add(Variable(a), Variable(b)), gain, bias, kEpsilon);
  EXPECT_TRUE(same_bits(fused.value, apart.value));
  const Variable in_place = add_layer_norm(Variable(a.clone()), Variable(b), gain, bias, kEpsilon);
  EXPECT_TRUE(same_bits(fused.value, in_place.value));
  EXPECT_TRUE(same_bits(a, random_tensor({6, 77}, 1)));
}

TEST(LayerNorm, ConstantRowsGiveTheBias) {
  const Tensor x = Tensor::from(std::vector<float>(12, 3.5F), {2, 6});
  const Tensor gain = random_tensor({6}, 1), bias = random_tensor({6}, 2);
  const Variable y = layer_norm(Variable(x), gain, bias, kEpsilon);
  for (std::int64_t i = 0; i < 12; ++i) EXPECT_EQ(y.value.data()[i], bias.data()[i % 6]);
}

TEST(LayerNorm, RefusesWrongShapes) {
  const Variable x(Tensor::zeros({2, 3}));
  EXPECT_THROW(layer_norm(x, Tensor::zeros({4}), Tensor::zeros({3}), kEpsilon), Error);
  EXPECT_THROW(add_layer_norm(x, Variable(Tensor::zeros({3, 3})), Tensor::zeros({3}),
                              Tensor::zeros({3}), kEpsilon),
               Error);
}

}  // namespace
}  // namespace pellucid
