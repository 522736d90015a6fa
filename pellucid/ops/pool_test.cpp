// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/pool.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

TEST(MeanRows, FormulaAndVjp) {
  const std::vector<std::int64_t> offsets{0, 1, 4, 9};
  constexpr std::size_t kWidth = 5;
  const TestedOp op =
      tested([&](const std::vector<Variable>& x) { return mean_rows(x[0], offsets); },
             [&](const auto& x) {
               auto y = x[0];
               y.assign(3 * kWidth, {});
               for (std::size_t s = 0; s < 3; ++s) {
                 const auto begin = std::size_t(offsets[s]), end = std::size_t(offsets[s + 1]);
                 for (std::size_t i = 0; i < kWidth; ++i) {
                   for (std::size_t row = begin; row < end; ++row)
                     y[s * kWidth + i] += x[0][row * kWidth + i];
                   y[s * kWidth + i] = y[s * kWidth + i] / double(end - begin);
                 }
               }
               return y;
             });
  check_op(op, {random_tensor({9, kWidth}, 1)});
}

TEST(MeanRows, RefusesEmptySequencesAndWrongOffsets) {
  const Variable x(Tensor::zeros({4, 2}));
  EXPECT_THROW(mean_rows(x, std::vector<std::int64_t>{0, 2, 2, 4}), Error);
  EXPECT_THROW(mean_rows(x, std::vector<std::int64_t>{0, 3}), Error);
  EXPECT_THROW(mean_rows(x, std::vector<std::int64_t>{}), Error);
}

}  // namespace
}  // namespace pellucid
