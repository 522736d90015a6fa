// SPDX-License-Identifier: Apache-2.0
// The groups of work that are measured.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/base_model.h"
#include "benchmarks/peaks.h"
#include "benchmarks/report.h"
#include "pellucid/evaluator/executor.h"
#include "pellucid/models/model.h"

namespace pellucid::bench {

struct Settings {
  int steps = 50;   ///< of integrated gradients
  int repeats = 3;  ///< the least time counts: others may use the machine too
  ExecutorOptions run{};
  std::vector<std::string> models{};  ///< folders of trained classifiers, beside the bundled one
};

using Report = std::function<void(Result)>;

/// What the groups share; the model is written when the first of them needs it.
class Bench {
 public:
  Bench(const Settings& settings, const Peaks& peaks, Report report)
      : settings_(settings), peaks_(peaks), report_(std::move(report)) {}

  const Settings& settings() const { return settings_; }
  const Peaks& peaks() const { return peaks_; }
  const std::string& folder();
  const Model& model();
  void report(Result result) const { report_(std::move(result)); }
  /// Runs `work` once to warm up and then for its least time. flops: needed by one run
  void measure(const std::string& name, double flops, const std::function<void()>& work);

 private:
  Settings settings_;
  Peaks peaks_;
  Report report_;
  std::unique_ptr<TemporaryModel> files_;
  std::string folder_;
  std::unique_ptr<Model> model_;
};

struct Group {
  std::string name;
  std::function<void(Bench&)> run;
};

const std::vector<Group>& groups();

/// Seconds of one run.
double seconds_of(const std::function<void()>& work);
/// Seconds of the calling thread on a processor: what others do meanwhile does not count.
double thread_seconds_of(const std::function<void()>& work);

void breakdown(Bench& bench);     ///< time of each kind of op
void trained(Bench& bench);       ///< steps chosen by the method, on real weights
void cold_process(Bench& bench);  ///< the program from start to end

}  // namespace pellucid::bench
