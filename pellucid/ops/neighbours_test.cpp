// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/neighbours.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

TEST(Neighbours, FormulaAndVjp) {
  const std::vector<std::int64_t> offsets{0, 1, 1, 5, 8};
  const std::vector<std::int32_t> columns{0, 0, 1, 3, 4, 2, 3, 4};
  const std::vector<std::int32_t> shifts{1, 0, -1, 2};
  constexpr std::size_t kWidth = 3;
  const TestedOp op = tested(
      [&](const std::vector<Variable>& x) { return neighbours(x[0], offsets, columns, shifts); },
      [&](const auto& x) {
        auto y = x[0];
        y.assign(8 * 4 * kWidth, 0.0);
        for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
          for (auto i = std::size_t(offsets[s]); i < std::size_t(offsets[s + 1]); ++i) {
            for (auto j = std::size_t(offsets[s]); j < std::size_t(offsets[s + 1]); ++j) {
              for (std::size_t t = 0; t < shifts.size(); ++t) {
                if (columns[j] != columns[i] + shifts[t]) continue;
                for (std::size_t w = 0; w < kWidth; ++w) {
                  y[(i * shifts.size() + t) * kWidth + w] = x[0][j * kWidth + w];
                }
              }
            }
          }
        }
        return y;
      });
  check_op(op, {random_tensor({8, kWidth}, 1)});
}

TEST(Neighbours, RefusesWhatDoesNotFit) {
  const Variable x(Tensor::zeros({4, 2}));
  const std::vector<std::int32_t> columns{0, 1, 2, 3};
  EXPECT_THROW(neighbours(x, std::vector<std::int64_t>{0, 3}, columns, {0}), Error);
  EXPECT_THROW(neighbours(x, std::vector<std::int64_t>{0, 4}, std::vector<std::int32_t>{0}, {0}),
               Error);
}

}  // namespace
}  // namespace pellucid
