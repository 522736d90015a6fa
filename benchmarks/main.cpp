// SPDX-License-Identifier: Apache-2.0
// pellucid_bench [--json] [--quick] [--batch-tokens N] [--precision P] [NAME...]: measures the
// machine's limits, then the named groups of work (all without names), and states each as a share
// of them. pellucid_bench --write-model FOLDER writes the model, for other programs to run.
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/cases.h"
#include "pellucid/base/error.h"

namespace pellucid::bench {
namespace {

struct Arguments {
  bool json = false;
  std::string write_model;  // a folder: nothing is measured
  Settings settings;
  std::vector<std::string> names;
};

Arguments parse(int count, char** words) {
  Arguments arguments;
  std::vector<std::string> known;
  for (const Group& group : groups()) known.push_back(group.name);
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--json") {
      arguments.json = true;
    } else if (word == "--quick") {
      arguments.settings.steps = 8;
      arguments.settings.repeats = 1;
    } else if (word == "--batch-tokens") {
      check_usage(i + 1 < count && std::atoi(words[i + 1]) > 0,
                  "--batch-tokens needs a number of tokens");
      arguments.settings.run.batch_tokens = std::atoi(words[++i]);
    } else if (word == "--write-model") {
      check_usage(i + 1 < count, "--write-model needs a folder");
      arguments.write_model = words[++i];
    } else if (word == "--model") {
      check_usage(i + 1 < count, "--model needs a folder");
      arguments.settings.models.emplace_back(words[++i]);
    } else if (word == "--precision") {
      check_usage(i + 1 < count, "--precision needs f32, bf16x3 or bf16");
      arguments.settings.run.precision = parse_precision(words[++i]);
    } else {
      check_usage(std::find(known.begin(), known.end(), word) != known.end(),
                  "\"{}\" is no benchmark (known: {}) and no option (known: --json, --quick, "
                  "--batch-tokens, --precision, --model, --write-model)",
                  word, fmt::join(known, ", "));
      arguments.names.push_back(word);
    }
  }
  if (arguments.names.empty()) arguments.names = known;
  Precision& precision = arguments.settings.run.precision;
  // The figures are of f32 unless another precision is asked for.
  precision = precision == Precision::automatic ? Precision::f32 : effective_precision(precision);
  return arguments;
}

void print_peaks(const std::string& machine, const Peaks& peaks) {
  fmt::print("machine: {}\n", machine);
  fmt::print("f32 multiply-adds: {:.1f} GFLOP/s one thread, {:.1f} GFLOP/s {} threads\n",
             peaks.fma_one, peaks.fma_all, peaks.threads);
  fmt::print("bf16 product: {:.1f} GFLOP/s   memory: {:.1f} GB/s one thread, {:.1f} GB/s all\n\n",
             peaks.bf16_all, peaks.bandwidth_one, peaks.bandwidth_all);
  fmt::print("{}\n", row_titles());
}

int run(int count, char** words) {
  const Arguments arguments = parse(count, words);
  if (!arguments.write_model.empty()) {
    write_model(arguments.write_model);
    return 0;
  }
  const std::string machine = machine_name();
  const Peaks peaks = measure_peaks();
  if (!arguments.json) print_peaks(machine, peaks);
  std::vector<Result> all;
  const Report report = [&](Result result) {
    if (!arguments.json) fmt::print("{}\n", to_row(result));
    std::fflush(stdout);
    all.push_back(std::move(result));
  };
  Bench bench{arguments.settings, peaks, report};
  for (const Group& group : groups()) {
    const auto& names = arguments.names;
    if (std::find(names.begin(), names.end(), group.name) != names.end()) group.run(bench);
  }
  if (arguments.json) fmt::print("{}\n", to_json(machine, peaks, all));
  return 0;
}

}  // namespace
}  // namespace pellucid::bench

int main(int count, char** words) {
  try {
    return pellucid::bench::run(count, words);
  } catch (const std::exception& error) {
    fmt::print(stderr, "pellucid_bench: {}\n", error.what());
    return 2;
  }
}
