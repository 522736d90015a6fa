// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: a small network of smooth ops, and methods run on ids alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "pellucid/attributions/method.h"
#include "pellucid/evaluator/evaluator.h"
#include "pellucid/models/model.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/linear.h"
#include "pellucid/ops/pool.h"

namespace pellucid::toy {

inline std::shared_ptr<const LinearWeights> random_map(std::int64_t outputs, std::int64_t inputs,
                                                       unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, 1 / std::sqrt(static_cast<float>(inputs)));
  auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(outputs * inputs));
  for (float& value : *values) value = normal(generator);
  return std::make_shared<const LinearWeights>(
      std::vector<MatrixSource>{{values->data(), DType::f32, outputs, inputs, values}},
      std::vector<float>());
}

/// logits = C tanh(B mean_i tanh(A E_i))
class SmoothNetwork : public Network {
 public:
  static constexpr std::int64_t kWidth = 8, kClasses = 3, kWords = 60;

  explicit SmoothNetwork(std::int64_t words = kWords)
      : a_(random_map(kWidth, kWidth, 1)),
        b_(random_map(kWidth, kWidth, 2)),
        c_(random_map(kClasses, kWidth, 3)) {
    std::mt19937 generator(4);
    std::normal_distribution<float> normal(0, 0.6F);
    table_ = Tensor::uninitialized({words, kWidth});
    for (std::int64_t i = 0; i < table_.size(); ++i) table_.data()[i] = normal(generator);
    shape_.head = HeadKind::sequence_classification;
    shape_.vocabulary = words;
    shape_.max_positions = 100;
    shape_.hidden = kWidth;
    shape_.outputs = kClasses;
    shape_.tracked_floats_per_token = shape_.untracked_floats_per_token = 4 * kWidth;
  }

  Variable operator()(const Batch& batch, Tap& tap) const override {
    Variable x = tap("embeddings", [&] { return Variable(embed(batch.ids)); });
    x = mean_rows(activation(Activation::tanh, linear(x, *a_)), batch.offsets);
    return linear(activation(Activation::tanh, linear(x, *b_)), *c_);
  }

  Tensor embed(std::span<const std::int32_t> ids) const override {
    Tensor rows = Tensor::uninitialized({static_cast<std::int64_t>(ids.size()), kWidth});
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::copy_n(table_.row(ids[i]), kWidth, rows.row(static_cast<std::int64_t>(i)));
    }
    return rows;
  }

 private:
  Tensor table_;
  std::shared_ptr<const LinearWeights> a_, b_, c_;
};

/// What a method finds for some ids, each a unit of its own.
struct MethodRun {
  Attribution found;
  std::vector<double> values;  ///< of the targets on the real input
  std::int64_t forwards = 0;   ///< with that of the real input
  std::vector<std::string> warnings;
};

inline Encoding encoding_of(const std::vector<std::int32_t>& ids) {
  Encoding encoding;
  for (const std::int32_t id : ids) encoding.tokens.emplace_back().id = id;
  return encoding;
}

inline Units units_of(std::size_t tokens) {
  Units units;
  for (std::size_t i = 0; i < tokens; ++i) {
    units.units.emplace_back().tokens = {static_cast<std::int64_t>(i)};
  }
  return units;
}

inline MethodRun run(const Model& model, const Method& method, const std::vector<std::int32_t>& ids,
                     std::vector<Target> targets, const ExecutorOptions& options = {},
                     std::uint64_t seed = 0) {
  const Encoding encoding = encoding_of(ids);
  const Units units = units_of(ids.size());
  Sequence input;
  input.ids = ids;
  DirectExecutor executor(model.network(), options);
  Evaluator evaluator(model, encoding, units, input, std::move(targets), executor, seed);
  MethodRun result;
  std::vector<float> logits;
  Work work;
  work.probes = 1;
  work.targets = &evaluator.targets();
  work.input = [&](std::int64_t) -> const Sequence& { return input; };
  work.deliver = [&](std::int64_t, const Answers& answers) {
    result.values.assign(answers.values.begin(), answers.values.end());
    logits.assign(answers.logits.begin(), answers.logits.end());
  };
  executor.run({&work, 1});
  evaluator.set_answer(result.values, logits);
  result.found = method(evaluator);
  result.forwards = 1 + evaluator.forwards();
  result.warnings = evaluator.warnings();
  return result;
}

inline double total(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

inline double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

}  // namespace pellucid::toy
