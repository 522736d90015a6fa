// SPDX-License-Identifier: Apache-2.0
// Where a micro-batch spends its time: each kind of op alone, with the shapes that a layer gives
// it, on one thread, forward and VJP.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "benchmarks/cases.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/activation.h"
#include "pellucid/ops/attention.h"
#include "pellucid/ops/layer_norm.h"
#include "pellucid/ops/linear.h"

namespace pellucid::bench {
namespace {

constexpr std::int64_t kRows = 128;

Tensor random_tensor(const Shape& shape) {
  static std::minstd_rand generator(1);
  Tensor tensor = Tensor::uninitialized(shape);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::generate_n(tensor.data(), tensor.size(), [&] { return uniform(generator); });
  return tensor;
}

struct Op {
  std::string name;
  int times;      // in a layer
  double flops;   // of products, forward and VJP; 0: limited by memory
  double floats;  // read and written, forward and VJP
  std::int64_t inputs, outputs;
  std::function<Variable(Variable)> apply;
};

/// One forward and VJP.
void run(const Op& op, const Tensor& x, const Tensor& dy) {
  Tape tape;
  const Variable leaf = tape.leaf(x);
  const Variable y = op.apply(leaf);
  tape.pull_back(y, dy, std::span<const Variable>(&leaf, 1));
}

double least_seconds(const Op& op) {
  const Tensor x = random_tensor({kRows, op.inputs});
  const Tensor dy = random_tensor({kRows, op.outputs});
  double least = 1e9;
  for (int i = 0; i < 200; ++i) {
    least = std::min(least, thread_seconds_of([&] { run(op, x, dy); }));
  }
  return least;
}

std::shared_ptr<LinearWeights> random_weights(std::int64_t outputs, std::int64_t inputs) {
  auto values = std::make_shared<Tensor>(random_tensor({outputs, inputs}));
  std::vector<MatrixSource> stacked{{values->data(), DType::f32, outputs, inputs, values}};
  return std::make_shared<LinearWeights>(std::move(stacked),
                                         std::vector<float>(static_cast<std::size_t>(outputs)));
}

Op linear_op(const std::string& name, std::int64_t outputs, std::int64_t inputs) {
  const auto weights = random_weights(outputs, inputs);
  return {.name = name,
          .times = 1,
          .flops = 4.0 * static_cast<double>(kRows * inputs * outputs),
          .floats = 2.0 * static_cast<double>(kRows * (inputs + outputs) + inputs * outputs),
          .inputs = inputs,
          .outputs = outputs,
          .apply = [weights](const Variable& x) { return linear(x, *weights); }};
}

std::vector<Op> layer_ops() {
  static const std::vector<std::int64_t> offsets{0, kRows};
  const double hidden = kRows * kHidden, wide = kRows * kIntermediate;
  const Tensor ones = random_tensor({kHidden});
  std::vector<Op> ops{linear_op("linear 768 > 2304", 3 * kHidden, kHidden),
                      linear_op("linear 768 > 768", kHidden, kHidden),
                      linear_op("linear 768 > 3072", kIntermediate, kHidden),
                      linear_op("linear 3072 > 768", kHidden, kIntermediate)};
  ops.push_back({"attention", 1, 12.0 * kRows * hidden, 8 * hidden, 3 * kHidden, kHidden,
                 [](const Variable& x) {
                   const float scale = 1 / std::sqrt(static_cast<float>(kHidden / kHeads));
                   return self_attention(x, {kHeads, scale, offsets, offsets});
                 }});
  ops.push_back({"gelu", 1, 0, 6 * wide, kIntermediate, kIntermediate,
                 [](Variable x) { return activation(Activation::gelu, std::move(x)); }});
  ops.push_back({"residual + norm", 2, 0, 7 * hidden, kHidden, kHidden, [ones](const Variable& x) {
                   return add_layer_norm(x, Variable(x.value), ones, ones, 1e-12F);
                 }});
  return ops;
}

}  // namespace

void breakdown(Bench& bench) {
  const SerialScope one_thread;
  double total = 0;
  std::vector<std::pair<Op, double>> measured;
  for (Op& op : layer_ops()) {
    const double seconds = op.times * least_seconds(op);
    total += seconds;
    measured.emplace_back(std::move(op), seconds);
  }
  const Peaks& peaks = bench.peaks();
  for (const auto& [op, seconds] : measured) {
    Result result{.name = fmt::format("op: {}, 128 rows, 1 thread", op.name), .seconds = seconds};
    result.facts.emplace_back("% of time", 100 * seconds / total);
    if (op.flops > 0) {
      result.facts.emplace_back("% of FMA peak", 100 * op.flops / seconds / 1e9 / peaks.fma_one);
    } else {
      const double bytes = op.times * op.floats * sizeof(float);
      result.facts.emplace_back("% of memory rate",
                                100 * bytes / seconds / 1e9 / peaks.bandwidth_one);
    }
    bench.report(result);
  }
}

}  // namespace pellucid::bench
