// SPDX-License-Identifier: Apache-2.0
// Multipliers of every op add up: sum m_x (x - x') = sum m_y (y - y'). And what attention ops show
// of their inside: cotangents of probabilities, values that are not given.
#include "pellucid/ops/contrast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/ops/attention.h"
#include "pellucid/ops/block_norm.h"
#include "pellucid/ops/distance_attention.h"
#include "pellucid/ops/gated.h"
#include "pellucid/ops/layer_norm.h"
#include "pellucid/ops/softmax.h"

namespace pellucid {
namespace {

Tensor random(const Shape& shape, unsigned seed, float scale = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, scale);
  Tensor values = Tensor::uninitialized(shape);
  for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] = normal(generator);
  return values;
}

/// sum over the first half of m (x - x')
double weighted_difference(const Tensor& m, const Tensor& x) {
  double sum = 0;
  const std::int64_t half = x.size() / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    sum += double{m.data()[i]} * (double{x.data()[i]} - double{x.data()[half + i]});
  }
  return sum;
}

using Op = std::function<Variable(const std::vector<Variable>&)>;

/// inputs: [2 n, width] each
void expect_complete(const std::vector<Tensor>& inputs, const Op& op, const char* what) {
  Tape tape(Pullback::rescale_extended);
  std::vector<Variable> leaves;
  for (const Tensor& input : inputs) leaves.push_back(tape.leaf(input.clone()));
  const Variable y = op(leaves);
  constexpr std::int64_t kTargets = 2;
  Tensor m = Tensor::zeros({kTargets * y.rows(), y.width()});
  for (std::int64_t k = 0; k < kTargets; ++k) {
    const Tensor real = random({y.rows() / 2, y.width()}, 77 + static_cast<unsigned>(k));
    std::copy_n(real.data(), real.size(), m.row(k * y.rows()));
  }
  const auto pulled = tape.pull_back(y, m.clone(), leaves);
  for (std::int64_t k = 0; k < kTargets; ++k) {
    double found = 0, size = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Tensor part = pulled[i].row_slice(k * inputs[i].rows(), (k + 1) * inputs[i].rows());
      found += weighted_difference(part, inputs[i]);
      for (std::int64_t j = part.size() / 2; j < part.size(); ++j) EXPECT_EQ(part.data()[j], 0);
      for (std::int64_t j = 0; j < part.size() / 2; ++j) size += std::abs(part.data()[j]);
    }
    const Tensor of_y = m.row_slice(k * y.rows(), (k + 1) * y.rows());
    EXPECT_NEAR(found, weighted_difference(of_y, y.value), 2e-6 * (size + 10)) << what;
  }
}

TEST(Contrast, FunctionsOfOneNumber) {
  for (const auto kind : {Activation::relu, Activation::relu_squared, Activation::gelu,
                          Activation::gelu_tanh, Activation::quick_gelu, Activation::silu,
                          Activation::mish, Activation::sigmoid, Activation::tanh}) {
    expect_complete(
        {random({10, 33}, 1)}, [&](const auto& x) { return activation(kind, x[0]); }, "activation");
    expect_complete(
        {random({6, 34}, 2)}, [&](const auto& x) { return gated(kind, x[0]); }, "gated");
  }
}

TEST(Contrast, EqualInputsTakeTheDerivative) {
  Tensor x = random({4, 20}, 3);
  std::copy_n(x.data(), 40, x.row(2));
  Tape tape(Pullback::rescale_extended);
  const Variable leaf = tape.leaf(x.clone());
  const Variable y = activation(Activation::gelu, leaf);
  Tensor ones = Tensor::zeros(x.shape());
  std::fill_n(ones.data(), 40, 1.0F);
  const Tensor m = tape.pull_back(y, ones.clone(), {&leaf, 1})[0];
  Tape plain;
  const Variable other = plain.leaf(x.clone());
  const Variable z = activation(Activation::gelu, other);
  const Tensor slope = plain.pull_back(z, ones.clone(), {&other, 1})[0];
  for (int i = 0; i < 40; ++i) EXPECT_EQ(m.data()[i], slope.data()[i]);
}

TEST(Contrast, Norms) {
  const Tensor gain = random({24}, 5), bias = random({24}, 6);
  expect_complete(
      {random({8, 24}, 1, 2)}, [&](const auto& x) { return layer_norm(x[0], gain, bias, 1e-5F); },
      "layer_norm");
  expect_complete(
      {random({8, 24}, 1), random({8, 24}, 2)},
      [&](const auto& x) { return add_layer_norm(x[0], x[1], gain, bias, 1e-5F); },
      "add_layer_norm");
  for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
    const std::vector<NormBlock> blocks{{random({6}, 8), random({6}, 9), 2},
                                        {random({5}, 3), {}, 1}};
    expect_complete(
        {random({8, 20}, 4)}, [&](const auto& x) { return block_norm(x[0], blocks, kind, 1e-6F); },
        "block_norm");
  }
}

TEST(Contrast, ThePeersRulesRescaleThreeFunctions) {
  const Tensor x = random({4, 8}, 1);
  for (const auto kind : {Activation::tanh, Activation::gelu}) {
    Tape tape(Pullback::rescale);
    const Variable leaf = tape.leaf(x.clone());
    const Variable y = activation(kind, leaf);
    Tensor m = Tensor::zeros(x.shape());
    std::fill_n(m.data(), 16, 1.0F);
    const Tensor pulled = tape.pull_back(y, m.clone(), {&leaf, 1})[0];
    const double gap = weighted_difference(pulled, x) - weighted_difference(m, y.value);
    EXPECT_EQ(std::abs(gap) < 1e-5, kind == Activation::tanh);
  }
}

TEST(Contrast, MixturesOfExpertsAreRefused) {
  Tape tape(Pullback::rescale_extended);
  EXPECT_THROW(softmax(tape.leaf(random({4, 3}, 1))), Error);
}

const std::vector<std::int64_t> kTwo{0, 7, 14};

TEST(Contrast, Attention) {
  AttentionShape shape{4, 0.5F, kTwo, kTwo};
  const auto op = [&](const auto& x) { return self_attention(x[0], shape); };
  expect_complete({random({14, 3 * 32}, 1)}, op, "attention");
  shape.cap = 2;
  expect_complete({random({14, 3 * 32}, 1)}, op, "capped");
  shape.causal = true;
  shape.window = 3;
  shape.key_heads = 2;
  expect_complete({random({14, 32 + 2 * 16}, 1)}, op, "causal, few heads of keys");
  shape.bias = {random({4, 15}, 3), 7, true};
  expect_complete({random({14, 32 + 2 * 16}, 1, 2)}, op, "with a bias");
  const std::vector<std::int64_t> reads{2, 6, 9, 13}, two{0, 2, 4};
  shape.query_offsets = two;
  shape.query_rows = reads;
  expect_complete(
      {random({4, 32}, 1), random({14, 32}, 2)},
      [&](const auto& x) { return attention(x[0], x[1], shape); }, "some rows");
}

TEST(Contrast, DistanceAttention) {
  DistanceTerms terms{random({13, 32}, 4), random({13, 32}, 5), random({4, 13}, 6), {}, 6};
  for (std::int32_t i = 0; i < 13; ++i) terms.row.push_back(i);
  const std::vector<std::int32_t> segments{0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1};
  const std::vector<std::uint8_t> hidden{0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
  DistanceAttentionShape shape{.heads = 4,
                               .scale = 0.3F,
                               .query_offsets = kTwo,
                               .key_offsets = kTwo,
                               .distance = &terms,
                               .segment = {random({2, 32}, 7), random({4, 2}, 8), segments},
                               .hidden = hidden};
  expect_complete(
      {random({14, 32}, 1), random({14, 64}, 2)},
      [&](const auto& x) { return distance_attention(x[0], x[1], shape); }, "distance");
}

/// d/dP of sum dy y is dy v^T, head by head.
template <class Attend>
void expect_observed(const Attend& attend) {
  const std::int64_t rows = 7, heads = 4, width = 8, hidden = heads * width;
  const Tensor q = random({rows, hidden}, 1), kv = random({rows, 2 * hidden}, 2);
  Tape tape;
  tape.observe_attention();
  const Variable queries = tape.leaf(q.clone());
  const Variable y = attend(queries, Variable(kv));
  ASSERT_EQ(tape.attentions().size(), 1U);
  const Variable leaf = tape.attentions().front();
  EXPECT_EQ(leaf.value.shape(), Shape({heads * rows, rows}));
  const Tensor dy = random({2 * rows, hidden}, 3);
  const Tensor dp = tape.pull_back(y, dy.clone(), {&leaf, 1})[0];
  for (std::int64_t k = 0; k < 2; ++k) {
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < rows; ++j) {
          double expected = 0;
          for (std::int64_t c = h * width; c < (h + 1) * width; ++c) {
            expected += double{dy.row(k * rows + i)[c]} * double{kv.row(j)[hidden + c]};
          }
          EXPECT_NEAR(dp.row((k * heads + h) * rows + i)[j], expected, 1e-5);
        }
      }
    }
  }
}

const std::vector<std::int64_t> kOne{0, 7};

TEST(ObservedAttention, GivesCotangentsOfProbabilities) {
  const AttentionShape shape{4, 0.5F, kOne, kOne};
  expect_observed([&](const Variable& q, const Variable& kv) { return attention(q, kv, shape); });
  const DistanceAttentionShape other{
      .heads = 4, .scale = 0.5F, .query_offsets = kOne, .key_offsets = kOne};
  expect_observed(
      [&](const Variable& q, const Variable& kv) { return distance_attention(q, kv, other); });
}

/// As if the value itself were zero for that query.
template <class Attend>
void expect_zeroed(const Attend& attend) {
  const Tensor q = random({7, 32}, 1), kv = random({7, 64}, 2);
  const std::vector<std::int64_t> zeroed{-1, 0, 3, 3, 6, -1, 2};
  const Tensor found = attend(q, kv, zeroed);
  for (std::int64_t row = 0; row < 7; ++row) {
    Tensor without = kv.clone();
    const std::int64_t key = zeroed[static_cast<std::size_t>(row)];
    if (key >= 0) std::fill_n(without.row(key) + 32, 32, 0.0F);
    const Tensor expected = attend(q, without, std::vector<std::int64_t>());
    for (int c = 0; c < 32; ++c) EXPECT_NEAR(found.row(row)[c], expected.row(row)[c], 1e-6);
  }
}

TEST(ZeroedValues, AreNotGivenToTheirQuery) {
  expect_zeroed([&](const Tensor& q, const Tensor& kv, const std::vector<std::int64_t>& zeroed) {
    AttentionShape shape{4, 0.5F, kOne, kOne};
    shape.zeroed = zeroed;
    return attention(Variable(q), Variable(kv), shape).value;
  });
  expect_zeroed([&](const Tensor& q, const Tensor& kv, const std::vector<std::int64_t>& zeroed) {
    const DistanceAttentionShape shape{
        .heads = 4, .scale = 0.5F, .query_offsets = kOne, .key_offsets = kOne, .zeroed = zeroed};
    return distance_attention(Variable(q), Variable(kv), shape).value;
  });
}

}  // namespace
}  // namespace pellucid
