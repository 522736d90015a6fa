// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/select.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/add.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

TestedOp tested_select(std::vector<std::int64_t> rows, std::size_t width) {
  return tested([=](const std::vector<Variable>& x) { return select_rows(x[0], rows); },
                [=](const auto& x) {
                  auto y = x[0];
                  y.clear();
                  for (const std::int64_t row : rows) {
                    const auto start = x[0].begin() + row * static_cast<std::ptrdiff_t>(width);
                    y.insert(y.end(), start, start + static_cast<std::ptrdiff_t>(width));
                  }
                  return y;
                });
}

TEST(SelectRows, FormulaAndVjp) {
  check_op(tested_select({0}, 1), {random_tensor({1, 1}, 1)}, 0);
  check_op(tested_select({4, 0, 2}, 7), {random_tensor({5, 7}, 1)}, 0);
  check_op(tested_select({1, 1, 1, 0}, 19), {random_tensor({3, 19}, 1)}, 0);
}

TEST(SelectRows, AddsToWhatIsThere) {
  Tape tape;
  const Variable x = tape.leaf(random_tensor({3, 2}, 1));
  const std::vector<std::int64_t> rows{2, 0, 2};
  const Variable y = add(select_rows(x, rows), x);
  const Tensor u = random_tensor({3, 2}, 2);
  const Tensor gradient = tape.pull_back(y, u.clone(), std::vector{x})[0];
  for (int i = 0; i < 2; ++i) {
    EXPECT_FLOAT_EQ(gradient.row(0)[i], u.row(0)[i] + u.row(1)[i]);
    EXPECT_FLOAT_EQ(gradient.row(1)[i], u.row(1)[i]);
    EXPECT_FLOAT_EQ(gradient.row(2)[i], u.row(0)[i] + u.row(2)[i] + u.row(2)[i]);
  }
}

TEST(SelectRows, NoRows) {
  const Variable y = select_rows(Variable(Tensor::zeros({3, 4})), {});
  EXPECT_EQ(y.value.shape(), (Shape{0, 4}));
}

TEST(SelectRows, RefusesRowsThatDoNotExist) {
  const Variable x(Tensor::zeros({3, 4}));
  EXPECT_THROW(select_rows(x, std::vector<std::int64_t>{3}), Error);
  EXPECT_THROW(select_rows(x, std::vector<std::int64_t>{-1}), Error);
}

}  // namespace
}  // namespace pellucid
