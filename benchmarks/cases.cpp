// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/base/parallel.h"
#include "pellucid/tasks/explain.h"
#include "pellucid/tensor/arena.h"

namespace pellucid::bench {
namespace {

constexpr double kMiB = 1 << 20;

/// Needed for an explanation that asked for so many forwards and VJPs of so many targets each.
double needed(const Explanation& explanation, std::int64_t tokens) {
  const auto targets = static_cast<double>(explanation.targets.size());
  return static_cast<double>(explanation.forwards) * forward_flops(tokens) +
         static_cast<double>(explanation.vjps) * targets * vjp_flops(tokens);
}

void measure_explain(Bench& bench, const std::string& name, std::int64_t tokens,
                     ExplainOptions options) {
  options.run = bench.settings().run;
  const std::string text = text_of(tokens);
  const double flops = needed(explain(bench.model(), text, options), tokens);
  bench.measure(name, flops, [&] { explain(bench.model(), text, options); });
}

void integrated_gradients(Bench& bench) {
  const int steps = bench.settings().steps;
  for (const std::int64_t tokens : {20, 128, 512}) {
    measure_explain(bench, fmt::format("IG, {} steps, {} tokens", steps, tokens), tokens,
                    {.method = IntegratedGradients{.steps = steps}});
  }
}

void forward(Bench& bench) {
  Batch batch;
  constexpr std::int64_t kTexts = 32, kTokens = 128;
  Sequence sequence;
  for (std::int32_t i = 0; i < kTokens; ++i) sequence.ids.push_back(5 + i * 37 % 30000);
  const std::vector<Target> no_targets;
  Work work;
  work.probes = kTexts;
  work.targets = &no_targets;
  work.input = [&](std::int64_t) -> const Sequence& { return sequence; };
  work.deliver = [](std::int64_t, const Answers&) {};
  DirectExecutor executor(bench.model().network(), bench.settings().run);
  bench.measure("forward, 32 x 128 tokens", kTexts * forward_flops(kTokens),
                [&] { executor.run(std::span<const Work>(&work, 1)); });
}

void occlusion(Bench& bench) {
  measure_explain(bench, "occlusion, 126 words, 128 tokens", 128,
                  {.method = Occlusion{}, .unit = Unit::word});
}

/// Lengths of 12 to 28 tokens.
void short_texts(Bench& bench) {
  constexpr std::uint32_t kTexts = 300;
  const int steps = std::min(bench.settings().steps, 8);
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < kTexts; ++i) {
    texts.push_back(text_of(12 + (i * 7) % 17, i));
  }
  const auto run = [&](const std::string& name, const Method& method) {
    const ExplainOptions options{.method = method, .run = bench.settings().run};
    double flops = 0;
    const auto explanations = explain(bench.model(), texts, options);
    for (const Explanation& each : explanations) {
      flops += needed(each, static_cast<std::int64_t>(each.tokens.size()));
    }
    bench.measure(fmt::format("{}, {} texts of about 20 tokens", name, kTexts), flops,
                  [&] { explain(bench.model(), texts, options); });
  };
  run("saliency", Saliency{});
  run(fmt::format("IG, {} steps", steps), IntegratedGradients{.steps = steps});
}

void many_targets(Bench& bench) {
  const int steps = std::min(bench.settings().steps, 8);
  measure_explain(bench, fmt::format("IG, {} steps, 28 targets, 128 tokens", steps), 128,
                  {.targets = {"all"}, .method = IntegratedGradients{.steps = steps}});
}

// Growth: each figure over what it depends on, for the plots.

/// One pass forward and back; the threads share it.
void length(Bench& bench) {
  for (std::int64_t tokens = 32; tokens <= kPositions; tokens *= 2) {
    measure_explain(bench, fmt::format("saliency, {} tokens", tokens), tokens,
                    {.method = Saliency{}});
  }
}

void target_count(Bench& bench) {
  std::vector<std::string> targets;
  for (int count = 1; count <= kLabels; ++count) {
    targets.push_back(std::to_string(count - 1));
    if ((count & (count - 1)) != 0 && count != kLabels) continue;
    measure_explain(bench, fmt::format("IG, 4 steps, {} targets, 128 tokens", count), 128,
                    {.targets = targets, .method = IntegratedGradients{.steps = 4}});
  }
}

void thread_number(Bench& bench) {
  const int all = thread_count();
  for (int threads = 1; threads <= all; ++threads) {
    set_thread_count(threads);
    measure_explain(bench, fmt::format("IG, 16 steps, 128 tokens, {} threads", threads), 128,
                    {.method = IntegratedGradients{.steps = 16}});
  }
  set_thread_count(all);
}

void bundled(Bench& bench) {
  const Model model = Model::bundled();
  const std::string text = "I can't stop smiling, what a wonderful day";
  bench.measure("bundled model, one sentence, warm", 0, [&] { explain(model, text); });
}

void load(Bench& bench) {
  const std::string folder = bench.folder();
  bench.measure("load, 440 MB f32, mapped", 0, [&] { Model::load(folder); });
  bench.measure("load and the first saliency, 128 tokens", 0,
                [&] { explain(Model::load(folder), text_of(128), {.method = Saliency{}}); });
}

void memory(Bench& bench) {
  const std::string text = text_of(512);
  const double seconds = seconds_of([&] {
    explain(bench.model(), text,
            {.method = IntegratedGradients{.steps = bench.settings().steps},
             .run = bench.settings().run});
  });
  Result result{.name = "memory, IG, 512 tokens", .seconds = seconds};
  result.facts = {{"activations MiB", static_cast<double>(arena_peak_bytes()) / kMiB},
                  {"process MiB", resident_peak() / kMiB}};
  bench.report(result);
}

double clock_seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Of all threads of this process.
double processor_seconds() { return clock_seconds(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace

double thread_seconds_of(const std::function<void()>& work) {
  const double start = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
  work();
  return clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

const std::string& Bench::folder() {
  if (!files_) {
    files_ = std::make_unique<TemporaryModel>();
    folder_ = files_->folder();
  }
  return folder_;
}

const Model& Bench::model() {
  if (!model_) model_ = std::make_unique<Model>(Model::load(folder()));
  return *model_;
}

void Bench::measure(const std::string& name, double flops, const std::function<void()>& work) {
  if (flops == 0) work();  // those that count operations have run already
  double least = 0;
  const double peak_before = measure_fma_all();
  // Short work is repeated more often: its least time is found only among many.
  double spent = 0, busy = 0;
  for (int run = 0; run < settings_.repeats || (spent < 1 && run < 100); ++run) {
    const double processor = processor_seconds();
    const double seconds = seconds_of(work);
    if (run == 0 || seconds < least) {
      least = seconds;
      busy = (processor_seconds() - processor) / (seconds * peaks_.threads);
    }
    spent += seconds;
    if (spent > 60) break;
  }
  Result result{.name = name,
                .seconds = least,
                .flops = flops,
                .peak = std::max({peaks_.fma_all, peak_before, measure_fma_all()})};
  result.facts = {{"running %", 100 * busy}};
  if (flops > 0) {
    result.facts.emplace_back("of f32 while running %",
                              100 * flops / (least * busy) / 1e9 / result.peak);
    if (settings_.run.precision != Precision::f32) {
      result.facts.emplace_back("of bf16 product %", 100 * flops / least / 1e9 / peaks_.bf16_all);
    }
  }
  report(std::move(result));
}

/// The new process first, because the kernel counts the size of the one that it comes from as its
/// own; then memory: it is the most there ever was in this process.
const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"process", cold_process},  {"memory", memory},       {"ig", integrated_gradients},
      {"forward", forward},       {"occlusion", occlusion}, {"texts", short_texts},
      {"targets", many_targets},  {"breakdown", breakdown}, {"load", load},
      {"bundled", bundled},       {"length", length},       {"target-count", target_count},
      {"threads", thread_number}, {"trained", trained}};
  return all;
}

}  // namespace pellucid::bench
