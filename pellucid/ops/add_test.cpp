// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/add.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

const TestedOp kAdd = tested([](const std::vector<Variable>& x) { return add(x[0], x[1]); },
                             [](const auto& x) {
                               auto sum = x[0];
                               for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += x[1][i];
                               return sum;
                             });

TEST(Add, FormulaAndVjp) {
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 5}, Shape{4, 64}, Shape{2, 1001}}) {
    check_op(kAdd, {random_tensor(shape, 1), random_tensor(shape, 2)}, 1e-7);
  }
  check_many_cotangents(kAdd, {Tensor::zeros({0, 4}), Tensor::zeros({0, 4})});
  check_rows_alone(kAdd, {random_tensor({3, 7}, 1), random_tensor({3, 7}, 2)});
}

TEST(Add, OnTheSameInput) {
  Tape tape;
  const Variable x = tape.leaf(random_tensor({2, 3}, 1));
  const Variable y = add(x, x);
  const Tensor u = random_tensor({2, 3}, 2);
  const Tensor gradient = tape.pull_back(y, u.clone(), std::vector{x})[0];
  for (std::int64_t i = 0; i < 6; ++i) EXPECT_EQ(gradient.data()[i], 2 * u.data()[i]);
}

TEST(Add, Constant) {
  const Tensor constant = random_tensor({3, 5}, 9);
  const TestedOp op =
      tested([&](const std::vector<Variable>& x) { return add_constant(x[0], constant); },
             [&](const auto& x) {
               auto sum = x[0];
               for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += double(constant.values()[i]);
               return sum;
             });
  check_op(op, {random_tensor({3, 5}, 1)}, 1e-7);
}

TEST(Add, RefusesDifferentShapes) {
  EXPECT_THROW(add(Variable(Tensor::zeros({2, 3})), Variable(Tensor::zeros({3, 2}))), Error);
}

}  // namespace
}  // namespace pellucid
