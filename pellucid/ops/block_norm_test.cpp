// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/block_norm.h"

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

constexpr float kEpsilon = 1e-5F;

/// One block in place.
template <class T>
void normalise(T* x, const NormBlock& block, NormKind kind) {
  using std::sqrt;
  const std::int64_t width = block.gain.size();
  T mean(0), squares(0);
  for (std::int64_t i = 0; kind == NormKind::layer && i < width; ++i) mean += x[i];
  mean = mean / T(double(width));
  for (std::int64_t i = 0; i < width; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const T deviation = sqrt(squares / T(double(width)) + T(double(kEpsilon)));
  for (std::int64_t i = 0; i < width; ++i) {
    const double bias = block.bias.defined() ? double{block.bias.data()[i]} : 0;
    x[i] = (x[i] - mean) / deviation * T(double{block.gain.data()[i]}) + T(bias);
  }
}

TestedOp tested_norm(const std::vector<NormBlock>& blocks, NormKind kind, std::int64_t width) {
  return tested(
      [=](const std::vector<Variable>& x) { return block_norm(x[0], blocks, kind, kEpsilon); },
      [=](const auto& inputs) {
        auto x = inputs[0];
        for (std::size_t row = 0; row < x.size(); row += std::size_t(width)) {
          std::size_t column = row;
          for (const NormBlock& block : blocks) {
            for (std::int64_t i = 0; i < block.count; ++i) {
              normalise(&x[column], block, kind);
              column += std::size_t(block.gain.size());
            }
          }
        }
        return x;
      });
}

TEST(BlockNorm, WholeRows) {
  for_each_target([] {
    for (const std::int64_t width : {1, 5, 16, 100}) {
      SCOPED_TRACE(width);
      const std::vector<NormBlock> block{{random_tensor({width}, 2), {}}};
      const auto rms = tested_norm(block, NormKind::rms, width);
      check_op(rms, {random_tensor({3, width}, 1, 2)}, 3e-6, 3e-5);
      check_rows_alone(rms, {random_tensor({3, width}, 1, 2)});
    }
  });
}

TEST(BlockNorm, HeadsAndWhatIsBehindThem) {
  for_each_target([] {
    const std::vector<NormBlock> blocks{{random_tensor({7}, 2), random_tensor({7}, 3), 3},
                                        {random_tensor({7}, 4), {}, 1},
                                        {random_tensor({16}, 5), {}, 2}};
    for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
      check_op(tested_norm(blocks, kind, 65), {random_tensor({4, 65}, 1, 2)}, 3e-6, 3e-5);
    }
  });
}

TEST(BlockNorm, NoRows) {
  const std::vector<NormBlock> block{{random_tensor({4}, 2), {}}};
  check_many_cotangents(tested_norm(block, NormKind::rms, 4), {Tensor::zeros({0, 4})});
}

TEST(BlockNorm, RefusesWrongShapes) {
  const Variable x(Tensor::zeros({2, 3}));
  EXPECT_THROW(block_norm(x, {{Tensor::zeros({4}), {}}}, NormKind::rms, kEpsilon), Error);
  EXPECT_THROW(block_norm(x, {{Tensor::zeros({2}), {}, 2}}, NormKind::rms, kEpsilon), Error);
  EXPECT_THROW(block_norm(x, {{Tensor::zeros({3}), Tensor::zeros({2})}}, NormKind::rms, kEpsilon),
               Error);
}

}  // namespace
}  // namespace pellucid
