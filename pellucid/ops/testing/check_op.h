// SPDX-License-Identifier: Apache-2.0
// Checks that every op's test makes: the forward in f32 against the formula in double, the VJP
// against dual numbers, K cotangents against K single ones, rows against larger batches.
#pragma once

#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "pellucid/autodiff/tape.h"
#include "pellucid/ops/testing/dual.h"

namespace pellucid::testing {

inline Tensor random_tensor(const Shape& shape, unsigned seed, float deviation = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, deviation);
  Tensor tensor = Tensor::uninitialized(shape);
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = normal(generator);
  return tensor;
}

/// Inputs of a formula, flat, one vector for each.
template <class T>
using Values = std::vector<std::vector<T>>;

/// An op as a test sees it: the op itself, and its formula for double and for Dual.
struct TestedOp {
  std::function<Variable(const std::vector<Variable>&)> op;
  std::function<std::vector<double>(const Values<double>&)> formula;
  std::function<std::vector<Dual>(const Values<Dual>&)> dual_formula;
};

/// A generic formula, called with Values<double> or Values<Dual>.
template <class Op, class Formula>
TestedOp tested(Op op, Formula formula) {
  return {op, formula, formula};
}

inline std::vector<Variable> leaves(Tape& tape, const std::vector<Tensor>& inputs) {
  std::vector<Variable> variables;
  for (const Tensor& input : inputs) variables.push_back(tape.leaf(input));
  return variables;
}

/// J^T u for all inputs.
inline std::vector<Tensor> pull_back(const TestedOp& tested, const std::vector<Tensor>& inputs,
                                     const Tensor& u) {
  Tape tape;
  const std::vector<Variable> variables = leaves(tape, inputs);
  return tape.pull_back(tested.op(variables), u.clone(), variables);
}

inline bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         (a.size() == 0 ||
          std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(float)) == 0);
}

/// Largest |y - formula| <= tolerance * (1 + |formula|); the same bits whether tracked or not.
inline void check_forward(const TestedOp& tested, const std::vector<Tensor>& inputs,
                          double tolerance) {
  std::vector<Variable> untracked;
  Values<double> values;
  for (const Tensor& input : inputs) {
    untracked.emplace_back(input);
    values.emplace_back(input.values().begin(), input.values().end());
  }
  const Variable y = tested.op(untracked);
  EXPECT_FALSE(y.tracked());
  Tape tape;
  EXPECT_TRUE(same_bits(tested.op(leaves(tape, inputs)).value, y.value));
  const std::vector<double> expected = tested.formula(values);
  ASSERT_EQ(static_cast<std::int64_t>(expected.size()), y.value.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(y.value.values()[i], expected[i], tolerance * (1 + std::abs(expected[i])))
        << "at " << i;
  }
}

/// <u, J v> == <J^T u, v> for random u and v, J v from dual numbers.
inline void check_vjp(const TestedOp& tested, const std::vector<Tensor>& inputs,
                      double tolerance = 1e-5) {
  Values<Dual> duals;
  std::vector<Tensor> directions;
  for (const Tensor& input : inputs) {
    directions.push_back(random_tensor(input.shape(), 100 + static_cast<unsigned>(duals.size())));
    duals.emplace_back();
    for (std::int64_t i = 0; i < input.size(); ++i) {
      duals.back().emplace_back(input.data()[i], directions.back().data()[i]);
    }
  }
  const std::vector<Dual> product = tested.dual_formula(duals);
  Tape tape;
  const std::vector<Variable> variables = leaves(tape, inputs);
  const Variable y = tested.op(variables);
  const Tensor u = random_tensor(y.value.shape(), 7);
  const std::vector<Tensor> gradients = tape.pull_back(y, u.clone(), variables);
  ASSERT_EQ(static_cast<std::int64_t>(product.size()), u.size());
  double forward = 0, backward = 0, size = 0;
  for (std::size_t i = 0; i < product.size(); ++i) {
    forward += u.values()[i] * product[i].slope;
    size += std::pow(u.values()[i] * product[i].slope, 2);
  }
  for (std::size_t input = 0; input < inputs.size(); ++input) {
    ASSERT_EQ(gradients[input].size(), inputs[input].size());
    for (std::int64_t i = 0; i < inputs[input].size(); ++i) {
      const double term = double(gradients[input].data()[i]) * directions[input].data()[i];
      backward += term;
      size += term * term;
    }
  }
  EXPECT_NEAR(forward, backward, tolerance * (1e-2 + std::sqrt(size)));
}

/// Rows [k * rows, (k + 1) * rows) of a tensor with K cotangents.
inline Tensor cotangent(const Tensor& all, std::int64_t k, std::int64_t count) {
  const std::int64_t rows = all.rows() / count;
  return all.row_slice(k * rows, (k + 1) * rows).clone();
}

/// K = 3 cotangents at once have the bits of three single ones.
inline void check_many_cotangents(const TestedOp& tested, const std::vector<Tensor>& inputs) {
  constexpr std::int64_t kCount = 3;
  Tape tape;
  const Variable y = tested.op(leaves(tape, inputs));
  const Tensor u = random_tensor({kCount * y.rows(), y.width()}, 8);
  const std::vector<Tensor> together = pull_back(tested, inputs, u);
  for (std::int64_t k = 0; k < kCount; ++k) {
    const std::vector<Tensor> alone = pull_back(tested, inputs, cotangent(u, k, kCount));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_TRUE(same_bits(cotangent(together[i], k, kCount),
                            alone[i].reshaped({alone[i].rows(), alone[i].width()})))
          << "cotangent " << k << " of input " << i;
    }
  }
}

/// Forward, VJP and K cotangents.
inline void check_op(const TestedOp& tested, const std::vector<Tensor>& inputs,
                     double forward_tolerance = 1e-6, double vjp_tolerance = 1e-5) {
  check_forward(tested, inputs, forward_tolerance);
  check_vjp(tested, inputs, vjp_tolerance);
  check_many_cotangents(tested, inputs);
}

/// For ops that treat each row alone: rows of a batch have the bits that they have alone, forward
/// and VJP. All inputs: [rows, width].
inline void check_rows_alone(const TestedOp& tested, const std::vector<Tensor>& inputs) {
  Tape tape;
  const std::vector<Variable> variables = leaves(tape, inputs);
  const Variable y = tested.op(variables);
  const Tensor value = y.value.clone();
  const Tensor u = random_tensor(y.value.shape(), 9);
  const std::vector<Tensor> gradients = tape.pull_back(y, u.clone(), variables);
  for (std::int64_t r = 0; r < y.rows(); ++r) {
    std::vector<Tensor> row;
    for (const Tensor& input : inputs) row.push_back(input.row_slice(r, r + 1).clone());
    Tape own_tape;
    const std::vector<Variable> own = leaves(own_tape, row);
    const Variable own_y = tested.op(own);
    EXPECT_TRUE(same_bits(own_y.value, value.row_slice(r, r + 1))) << "row " << r;
    const auto own_gradients = own_tape.pull_back(own_y, u.row_slice(r, r + 1).clone(), own);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_TRUE(same_bits(own_gradients[i], gradients[i].row_slice(r, r + 1))) << "row " << r;
    }
  }
}

/// Runs `body` once with each instruction set that this processor has.
inline void for_each_target(const std::function<void()>& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace pellucid::testing
