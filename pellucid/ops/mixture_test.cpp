// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/mixture.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/softmax.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

/// largest(softmax(x)) by sorting.
TestedOp tested_largest(std::int64_t experts, std::int64_t count, bool renormalise) {
  return tested(
      [=](const std::vector<Variable>& x) { return largest(softmax(x[0]), count, renormalise); },
      [=](const auto& x) {
        using std::exp;
        using T = typename std::decay_t<decltype(x[0])>::value_type;
        std::vector<T> y(x[0].size());
        const auto width = static_cast<std::size_t>(experts);
        for (std::size_t start = 0; start < y.size(); start += width) {
          T all(0), chosen(0);
          for (std::size_t e = 0; e < width; ++e) all += exp(x[0][start + e]);
          for (std::size_t e = 0; e < width; ++e) {
            std::int64_t larger = 0;
            for (std::size_t other = 0; other < width; ++other) {
              larger += value_of(x[0][start + other]) > value_of(x[0][start + e]) ? 1 : 0;
            }
            if (larger < count) chosen += y[start + e] = exp(x[0][start + e]) / all;
          }
          for (std::size_t e = 0; renormalise && e < width; ++e) {
            y[start + e] = y[start + e] / chosen;
          }
        }
        return y;
      });
}

TEST(Mixture, LargestFormulaAndVjp) {
  for (const bool renormalise : {false, true}) {
    for (const std::int64_t count : {1, 2, 5}) {
      check_op(tested_largest(5, count, renormalise), {random_tensor({6, 5}, 1)});
    }
  }
}

TEST(Mixture, OfEqualOnesTheFirst) {
  const Tensor p = Tensor::from(std::vector<float>{0.25F, 0.25F, 0.25F, 0.25F}, {1, 4});
  const Tensor y = largest(Variable(p), 2, false).value;
  EXPECT_EQ(y.data()[1], 0.25F);
  EXPECT_EQ(y.data()[2], 0);
}

TEST(Mixture, WeightedRowsFormulaAndVjp) {
  const std::vector<std::int64_t> rows{0, 3, 4};
  const TestedOp op = tested(
      [=](const std::vector<Variable>& x) { return add_weighted_rows(x[0], x[1], x[2], 1, rows); },
      [=](const auto& x) {
        auto y = x[0];
        for (std::size_t i = 0; i < rows.size(); ++i) {
          const auto row = static_cast<std::size_t>(rows[i]);
          for (std::size_t j = 0; j < 7; ++j) {
            y[row * 7 + j] += x[2][row * 2 + 1] * x[1][i * 7 + j];
          }
        }
        return y;
      });
  check_op(op, {random_tensor({5, 7}, 1), random_tensor({3, 7}, 2), random_tensor({5, 2}, 3)});
}

TEST(Mixture, RefusesWrongShapes) {
  const Variable sum(Tensor::zeros({5, 7})), part(Tensor::zeros({3, 7}));
  const Variable weights(Tensor::zeros({5, 2}));
  const std::vector<std::int64_t> rows{0, 3, 4}, two{0, 3};
  EXPECT_THROW(add_weighted_rows(sum, part, weights, 1, two), Error);
  EXPECT_THROW(add_weighted_rows(sum, part, weights, 2, rows), Error);
  EXPECT_THROW(largest(weights, 3, false), Error);
}

}  // namespace
}  // namespace pellucid
