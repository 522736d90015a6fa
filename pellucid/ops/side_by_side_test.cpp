// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/side_by_side.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

TEST(SideBySide, FormulaAndVjp) {
  const TestedOp op =
      tested([](const std::vector<Variable>& x) { return side_by_side(x[0], x[1]); },
             [](const auto& x) {
               auto y = x[0];
               y.clear();
               for (std::size_t r = 0; r < 4; ++r) {
                 y.insert(y.end(), x[0].begin() + long(3 * r), x[0].begin() + long(3 * r + 3));
                 y.insert(y.end(), x[1].begin() + long(5 * r), x[1].begin() + long(5 * r + 5));
               }
               return y;
             });
  check_op(op, {random_tensor({4, 3}, 1), random_tensor({4, 5}, 2)});
  check_rows_alone(op, {random_tensor({4, 3}, 1), random_tensor({4, 5}, 2)});
}

TEST(SideBySide, RefusesUnequalRows) {
  EXPECT_THROW(side_by_side(Variable(Tensor::zeros({2, 3})), Variable(Tensor::zeros({3, 3}))),
               Error);
}

}  // namespace
}  // namespace pellucid
