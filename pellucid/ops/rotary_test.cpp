// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/rotary.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

struct Case {
  std::int64_t pairs;
  RotaryShape shape;
  std::int64_t columns;
};

TestedOp tested_rotary(const Case& c, const RotaryAngles& angles) {
  return tested([=](const std::vector<Variable>& x) { return rotary(x[0], angles, c.shape); },
                [=](const auto& x) {
                  auto y = x[0];
                  using T = typename decltype(y)::value_type;
                  for (std::size_t row = 0; row * std::size_t(c.columns) < y.size(); ++row) {
                    for (std::int64_t i = 0; i < c.shape.heads * c.pairs; ++i) {
                      const std::int64_t head = i / c.pairs, pair = i % c.pairs;
                      const std::size_t start =
                          row * std::size_t(c.columns) + std::size_t(head * c.shape.width);
                      const std::int64_t step = c.shape.interleaved ? 2 : 1;
                      const std::size_t a = start + std::size_t(step * pair);
                      const std::size_t b = a + std::size_t(c.shape.interleaved ? 1 : c.pairs);
                      const auto r = static_cast<std::int64_t>(row);
                      const T cosine(double{angles.cosines.row(r)[pair]});
                      const T sine(double{angles.sines.row(r)[pair]});
                      y[a] = x[0][a] * cosine - x[0][b] * sine;
                      y[b] = x[0][b] * cosine + x[0][a] * sine;
                    }
                  }
                  return y;
                });
}

RotaryAngles random_angles(std::int64_t rows, std::int64_t pairs) {
  return {random_tensor({rows, pairs}, 5), random_tensor({rows, pairs}, 6)};
}

TEST(Rotary, FormulaAndVjp) {
  for_each_target([] {
    for (const bool interleaved : {false, true}) {
      for (const Case& c :
           {Case{1, {1, 2, interleaved}, 2}, Case{3, {4, 6, interleaved}, 30},
            Case{16, {2, 40, interleaved}, 100}, Case{5, {3, 16, interleaved}, 48}}) {
        const TestedOp op = tested_rotary(c, random_angles(5, c.pairs));
        check_op(op, {random_tensor({5, c.columns}, 1)});
      }
    }
  });
}

TEST(Rotary, LeavesWhatOthersHold) {
  const Tensor x = random_tensor({2, 8}, 1);
  rotary(Variable(x), random_angles(2, 2), {2, 4});
  EXPECT_TRUE(same_bits(x, random_tensor({2, 8}, 1)));
}

TEST(Rotary, RefusesWrongShapes) {
  const Variable x(Tensor::zeros({2, 8}));
  EXPECT_THROW(rotary(x, random_angles(3, 2), {2, 4}), Error);
  EXPECT_THROW(rotary(x, random_angles(2, 3), {2, 4}), Error);
  EXPECT_THROW(rotary(x, random_angles(2, 2), {3, 4}), Error);
}

}  // namespace
}  // namespace pellucid
