// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/scale.h"

#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

TEST(Scale, FormulaAndVjp) {
  const TestedOp op = tested([](const std::vector<Variable>& x) { return scale(x[0], -1.5F); },
                             [](const auto& x) {
                               auto y = x[0];
                               for (auto& value : y) value = value * -1.5;
                               return y;
                             });
  check_op(op, {random_tensor({3, 7}, 1)});
}

TEST(Scale, LeavesWhatOthersHold) {
  const Tensor x = random_tensor({2, 8}, 1);
  const Tensor y = scale(Variable(x), 2).value;
  EXPECT_TRUE(same_bits(x, random_tensor({2, 8}, 1)));
  EXPECT_EQ(y.data()[3], 2 * x.data()[3]);
}

}  // namespace
}  // namespace pellucid
