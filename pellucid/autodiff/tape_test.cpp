// SPDX-License-Identifier: Apache-2.0
// The tape on graphs small enough to differentiate by hand.
#include "pellucid/autodiff/tape.h"

#include <gtest/gtest.h>

#include <random>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

Tensor values(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> small(-8, 8);  // sums and products of these are exact
  Tensor tensor = Tensor::uninitialized(shape);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.data()[i] = static_cast<float>(small(random));
  }
  return tensor;
}

std::vector<float> entries(const Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

/// a * b, elementwise.
Variable product(const Variable& a, const Variable& b) {
  Tensor y = a.value.clone();
  for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] *= b.value.data()[i];
  return record(std::move(y), {&a, &b}, [a = a.value, b = b.value](Tensor cotangent, auto& inputs) {
    const Tensor* others[] = {&b, &a};
    for (std::size_t input = 0; input < 2; ++input) {
      if (!inputs.wanted(input)) continue;
      Tensor pulled = cotangent.clone();
      for (std::int64_t i = 0; i < pulled.size(); ++i) {
        pulled.data()[i] *= others[input]->data()[i % a.size()];
      }
      inputs.add(input, std::move(pulled));
    }
  });
}

/// a + b; both receive the same tensor.
Variable sum(const Variable& a, const Variable& b) {
  Tensor y = a.value.clone();
  for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] += b.value.data()[i];
  return record(std::move(y), {&a, &b}, [](Tensor cotangent, InputCotangents& inputs) {
    inputs.add(0, cotangent);
    inputs.add(1, cotangent);
  });
}

/// a b + (a b) a + a: `a` receives cotangents on four ways.
Variable graph(const Variable& a, const Variable& b) {
  const Variable ab = product(a, b);
  return sum(sum(ab, product(ab, a)), a);
}

TEST(Tape, SumsWhatComesOnAllWays) {
  const Tensor a = values({2, 3}, 1), b = values({2, 3}, 2), cotangent = values({2, 3}, 3);
  Tape tape;
  const Variable leaves[] = {tape.leaf(a), tape.leaf(b)};
  const auto gradients = tape.pull_back(graph(leaves[0], leaves[1]), cotangent, leaves);
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const float x = a.data()[i], y = b.data()[i], c = cotangent.data()[i];
    EXPECT_EQ(gradients[0].data()[i], c * (y + 2 * x * y + 1));
    EXPECT_EQ(gradients[1].data()[i], c * (x + x * x));
  }
}

TEST(Tape, ManyCotangentsEqualSingleOnes) {
  constexpr std::int64_t kCount = 5;
  const Tensor a = values({2, 3}, 4), b = values({2, 3}, 5);
  const Tensor cotangents = values({kCount * 2, 3}, 6);
  Tape tape;
  const Variable leaves[] = {tape.leaf(a), tape.leaf(b)};
  const auto together = tape.pull_back(graph(leaves[0], leaves[1]), cotangents.clone(), leaves);
  for (std::int64_t k = 0; k < kCount; ++k) {
    Tape single;
    const Variable own[] = {single.leaf(a), single.leaf(b)};
    const auto alone = single.pull_back(graph(own[0], own[1]),
                                        cotangents.row_slice(2 * k, 2 * k + 2).clone(), own);
    for (std::size_t leaf = 0; leaf < 2; ++leaf) {
      ASSERT_EQ(together[leaf].shape(), Shape({kCount * 2, 3}));
      EXPECT_EQ(entries(together[leaf].row_slice(2 * k, 2 * k + 2)), entries(alone[leaf])) << k;
    }
  }
}

TEST(Tape, LeavesThatNothingReachesGetZeros) {
  Tape tape;
  const Variable reached = tape.leaf(values({2, 3}, 7));
  const Variable lonely = tape.leaf(values({4, 5}, 8));
  const Variable leaves[] = {lonely, reached};
  const Variable output = sum(reached, reached);
  const auto gradients = tape.pull_back(output, values({6, 3}, 9), leaves);  // three cotangents
  EXPECT_EQ(gradients[0].shape(), Shape({12, 5}));
  EXPECT_EQ(entries(gradients[0]), std::vector<float>(60));
  EXPECT_EQ(gradients[1].shape(), Shape({6, 3}));
}

TEST(Tape, SharedCotangentsAreNotOverwritten) {
  // sum() hands one tensor to both inputs, and a caller may hold the cotangent that it gave.
  const Tensor cotangent = values({2, 2}, 10);
  const std::vector<float> before = entries(cotangent);
  Tape tape;
  const Variable a = tape.leaf(values({2, 2}, 11));
  const Variable b = tape.leaf(values({2, 2}, 12));
  const Variable leaves[] = {a, b};
  const Variable output = sum(sum(a, b), sum(a, a));
  const auto gradients = tape.pull_back(output, cotangent, leaves);
  EXPECT_EQ(entries(cotangent), before);
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(gradients[0].data()[i], 3 * cotangent.data()[i]);
    EXPECT_EQ(gradients[1].data()[i], cotangent.data()[i]);
  }
}

TEST(Tape, AccumulatorIsThereOnlyForOneOwner) {
  Tape tape;
  const Variable a = tape.leaf(values({1, 2}, 13));
  bool first = true, second = true, third = false;
  const auto probe = [&](bool& there, bool share, Tensor& kept) {
    return record(a.value.clone(), {&a}, [&, share](Tensor cotangent, InputCotangents& inputs) {
      there = inputs.accumulator(0) != nullptr;
      if (share) kept = cotangent;
      inputs.add(0, std::move(cotangent));
    });
  };
  Tensor kept;
  // Walked from the last to the first: x2 finds nothing, x1 what x2 shares, x0 what x1 owned.
  const Variable x0 = probe(third, false, kept);
  const Variable x1 = probe(second, false, kept);
  const Variable x2 = probe(first, true, kept);
  const Variable output =
      record(a.value.clone(), {&x0, &x1, &x2}, [](Tensor cotangent, InputCotangents& inputs) {
        for (std::size_t i = 0; i < 3; ++i) inputs.add(i, cotangent.clone());
      });
  const auto gradients = tape.pull_back(output, values({1, 2}, 14), {&a, 1});
  EXPECT_FALSE(first);
  EXPECT_FALSE(second);
  EXPECT_TRUE(third);
  const Tensor single = values({1, 2}, 14);
  for (std::int64_t i = 0; i < 2; ++i) {
    EXPECT_EQ(gradients[0].data()[i], 3 * single.data()[i]);
    EXPECT_EQ(kept.data()[i], single.data()[i]);  // whoever shares a cotangent keeps its values
  }
}

TEST(Tape, UntrackedInputsAreLeftOut) {
  const Variable constant(values({2, 2}, 15));
  EXPECT_FALSE(constant.tracked());
  EXPECT_FALSE(any_tracked({&constant, &constant}));
  Tape tape;
  const Variable leaf = tape.leaf(values({2, 2}, 16));
  EXPECT_TRUE(any_tracked({&constant, &leaf}));
  const auto gradients = tape.pull_back(product(constant, leaf), values({2, 2}, 17), {&leaf, 1});
  const Tensor cotangent = values({2, 2}, 17);
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(gradients[0].data()[i], cotangent.data()[i] * constant.value.data()[i]);
  }
}

TEST(Tape, RefusesWhatDoesNotFit) {
  Tape tape;
  const Variable leaf = tape.leaf(values({2, 2}, 18));
  EXPECT_THROW(tape.pull_back(Variable(values({2, 2}, 19)), values({2, 2}, 20), {&leaf, 1}), Error);
  EXPECT_THROW(tape.pull_back(leaf, values({2, 3}, 21), {&leaf, 1}), Error);
  EXPECT_THROW(tape.pull_back(leaf, values({3, 2}, 22), {&leaf, 1}), Error);
}

}  // namespace
}  // namespace pellucid
