// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/affine.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

TEST(Affine, FormulaAndVjp) {
  for_each_target([] {
    for (const std::int64_t width : {1, 7, 64}) {
      const Tensor gain = random_tensor({width}, 1), bias = random_tensor({width}, 2);
      const TestedOp op =
          tested([&](const std::vector<Variable>& x) { return affine(x[0], gain, bias); },
                 [&](const auto& x) {
                   auto y = x[0];
                   for (std::size_t i = 0; i < y.size(); ++i) {
                     const std::size_t w = i % std::size_t(width);
                     y[i] = y[i] * double(gain.data()[w]) + double(bias.data()[w]);
                   }
                   return y;
                 });
      check_op(op, {random_tensor({5, width}, 3)});
      check_rows_alone(op, {random_tensor({5, width}, 3)});
    }
  });
}

TEST(Affine, RefusesWhatDoesNotFit) {
  EXPECT_THROW(affine(Variable(Tensor::zeros({2, 3})), Tensor::zeros({3}), Tensor::zeros({2})),
               Error);
}

}  // namespace
}  // namespace pellucid
