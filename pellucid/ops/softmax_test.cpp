// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/softmax.h"

#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

TestedOp tested_softmax(std::int64_t columns) {
  return tested([](const std::vector<Variable>& x) { return softmax(x[0]); },
                [width = static_cast<std::size_t>(columns)](const auto& x) {
                  using std::exp;
                  auto p = x[0];
                  for (std::size_t start = 0; start < p.size(); start += width) {
                    auto maximum = p[start];
                    for (std::size_t i = 0; i < width; ++i) {
                      if (maximum < p[start + i]) maximum = p[start + i];
                    }
                    auto sum = maximum - maximum;
                    for (std::size_t i = 0; i < width; ++i) {
                      p[start + i] = exp(p[start + i] - maximum);
                      sum += p[start + i];
                    }
                    for (std::size_t i = 0; i < width; ++i) p[start + i] = p[start + i] / sum;
                  }
                  return p;
                });
}

TEST(Softmax, FormulaAndVjp) {
  for_each_target([] {
    for (const std::int64_t width : {1, 2, 7, 16, 33, 130, 5000}) {
      SCOPED_TRACE(width);
      check_op(tested_softmax(width), {random_tensor({3, width}, 1, 4)}, 5e-7, 3e-5);
    }
  });
  check_many_cotangents(tested_softmax(3), {Tensor::zeros({0, 3})});
}

TEST(Softmax, RowsStandAlone) {
  check_rows_alone(tested_softmax(50), {random_tensor({5, 50}, 1, 3)});
}

TEST(Softmax, LargeScores) {
  const Tensor x = Tensor::from(std::vector{1e4F, 1e4F, -1e4F, -3e38F}, {1, 4});
  const Variable p = softmax(Variable(x));
  EXPECT_EQ(p.value.data()[0], 0.5F);
  EXPECT_EQ(p.value.data()[1], 0.5F);
  EXPECT_EQ(p.value.data()[2], 0);
  EXPECT_EQ(p.value.data()[3], 0);
}

TEST(Softmax, NanIsNotHidden) {
  for_each_target([] {
    for (const std::size_t place : {std::size_t(0), std::size_t(17), std::size_t(19)}) {
      std::vector<float> x(20, 1.0F);
      x[place] = std::nanf("");
      const Variable p = softmax(Variable(Tensor::from(x, {1, 20})));
      for (const float value : p.value.values()) EXPECT_TRUE(std::isnan(value));
    }
  });
}

}  // namespace
}  // namespace pellucid
