// SPDX-License-Identifier: Apache-2.0
// Integrated gradients that choose their own number of points, on trained models: time for each
// text, and the distance of scores to those of 1,000 points in f32.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "benchmarks/cases.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/base/error.h"
#include "pellucid/tasks/explain.h"

namespace pellucid::bench {
namespace {

constexpr double kTolerance = 0.01;
constexpr int kReferencePoints = 1000;

std::vector<std::string> read_texts() {
  std::ifstream file(PELLUCID_BENCHMARK_TEXTS);
  check(file.good(), "{}: cannot be read", PELLUCID_BENCHMARK_TEXTS);
  std::vector<std::string> texts;
  for (std::string line; std::getline(file, line);) texts.push_back(line);
  return texts;
}

/// Largest difference as a share of the largest score of the reference.
double distance(const Explanation& found, const Explanation& reference) {
  double largest = 0, difference = 0;
  const std::vector<double>& expected = reference.targets.front().scores;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    difference = std::max(difference, std::abs(found.targets.front().scores[i] - expected[i]));
  }
  return difference / largest;
}

void measure_model(Bench& bench, const Model& model) {
  const ExplainOptions adaptive{.method = IntegratedGradients{.tolerance = kTolerance},
                                .run = bench.settings().run};
  const ExplainOptions exact{.method = IntegratedGradients{.steps = kReferencePoints},
                             .run = {.precision = Precision::f32}};
  double seconds = 0, forwards = 0, worst = 0;
  const std::vector<std::string> texts = read_texts();
  for (const std::string& text : texts) {
    Explanation found = explain(model, text, adaptive);  // to warm up
    double least = 1e9;
    for (int repeat = 0; repeat < bench.settings().repeats; ++repeat) {
      least = std::min(least, seconds_of([&] { found = explain(model, text, adaptive); }));
    }
    seconds += least;
    forwards += static_cast<double>(found.forwards);
    worst = std::max(worst, distance(found, explain(model, text, exact)));
  }
  const auto count = static_cast<double>(texts.size());
  Result result{.name = fmt::format("IG, steps auto, {}", model.name()),
                .seconds = seconds / count};
  result.facts = {{"forwards", forwards / count}, {"distance to 1000 points %", 100 * worst}};
  bench.report(result);
}

}  // namespace

void trained(Bench& bench) {
  measure_model(bench, Model::bundled());
  for (const std::string& folder : bench.settings().models) {
    measure_model(bench, Model::load(folder));
  }
}

}  // namespace pellucid::bench
