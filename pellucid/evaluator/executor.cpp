// SPDX-License-Identifier: Apache-2.0
#include "pellucid/evaluator/executor.h"

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"

namespace pellucid {
namespace {

/// Tokens whose activations stay in a core's cache while they go through a layer.
constexpr std::int64_t kCacheTokens = 128;

struct Probe {
  const Work* work;
  std::int64_t index;
  const Sequence* input;
};

/// Probes that run together, and what they answered.
struct MicroBatch {
  std::vector<Probe> probes;
  std::int64_t tokens = 0;

  std::vector<std::int64_t> offsets;         // [probes + 1] rows of the batch
  std::vector<std::int64_t> output_offsets;  // [probes + 1] rows of the logits
  std::vector<std::vector<double>> values;   // [probes][targets]
  Tensor logits;                             // [rows read, outputs]
  Tensor gradients;                          // [targets * tokens, hidden]
  Tensor activation;                         // [tokens, width]

  const Work& work() const { return *probes.front().work; }
  std::int64_t targets() const { return static_cast<std::int64_t>(work().targets->size()); }
};

/// Multiplications below which a forward pass is quicker on one thread than on two that wait for
/// each other.
constexpr double kSharedWork = 1e8;

/// About the multiplications of a forward pass.
double work_of(const Network& network, const MicroBatch& batch) {
  const auto hidden = static_cast<double>(network.shape().hidden);
  return 12 * hidden * hidden * static_cast<double>(network.shape().layers * batch.tokens);
}

/// The rows of logits that a target reads, copied next to each other.
/// logits: of one sequence, [rows read, outputs]
std::vector<float> gather_target(const Target& target, const Sequence& input, const float* logits,
                                 std::int64_t outputs) {
  if (target.positions.empty()) return {logits, logits + outputs};
  std::vector<float> rows;
  for (const std::int64_t position : target.positions) {
    std::int64_t row = position;
    if (!input.reads.empty()) {
      const auto place = std::lower_bound(input.reads.begin(), input.reads.end(), position);
      pellucid::check(place != input.reads.end() && *place == position,
                      "position {} is not among those that are read", position);
      row = place - input.reads.begin();
    }
    rows.insert(rows.end(), logits + row * outputs, logits + (row + 1) * outputs);
  }
  return rows;
}

/// The reverse: d target / d logits into the rows that it reads; the others are zero already.
void scatter_gradient(const Target& target, const Sequence& input, const std::vector<float>& rows,
                      std::int64_t outputs, float* cotangent) {
  if (target.positions.empty()) {
    std::copy(rows.begin(), rows.end(), cotangent);
    return;
  }
  for (std::size_t i = 0; i < target.positions.size(); ++i) {
    std::int64_t row = target.positions[i];
    if (!input.reads.empty()) {
      row = std::lower_bound(input.reads.begin(), input.reads.end(), row) - input.reads.begin();
    }
    const float* from = rows.data() + static_cast<std::int64_t>(i) * outputs;
    for (std::int64_t c = 0; c < outputs; ++c) cotangent[row * outputs + c] += from[c];
  }
}

/// [targets * output rows, outputs]
Tensor target_cotangents(const MicroBatch& batch) {
  const std::int64_t outputs = batch.logits.width();
  const std::int64_t rows = batch.logits.rows();
  Tensor cotangents = Tensor::zeros({batch.targets() * rows, outputs});
  for (std::int64_t t = 0; t < batch.targets(); ++t) {
    for (std::size_t p = 0; p < batch.probes.size(); ++p) {
      const Probe& probe = batch.probes[p];
      const Target& target = (*probe.work->targets)[static_cast<std::size_t>(t)];
      const std::vector<float> read =
          gather_target(target, *probe.input, batch.logits.row(batch.output_offsets[p]), outputs);
      std::vector<float> gradient(read.size());
      target.gradient(read, outputs, gradient);
      scatter_gradient(target, *probe.input, gradient, outputs,
                       cotangents.row(t * rows + batch.output_offsets[p]));
    }
  }
  return cotangents;
}

void read_values(MicroBatch& batch) {
  const std::int64_t outputs = batch.logits.width();
  for (std::size_t p = 0; p < batch.probes.size(); ++p) {
    const Probe& probe = batch.probes[p];
    auto& values = batch.values.emplace_back();
    for (const Target& target : *probe.work->targets) {
      values.push_back(target.value(
          gather_target(target, *probe.input, batch.logits.row(batch.output_offsets[p]), outputs),
          outputs));
    }
  }
}

void run_micro_batch(const Network& network, MicroBatch& micro) {
  Batch batch;
  for (const Probe& probe : micro.probes) batch.add(*probe.input);
  micro.offsets = batch.offsets;
  micro.output_offsets = batch.read_offsets;
  if (network.shape().pooled()) {
    for (std::size_t p = 0; p < micro.output_offsets.size(); ++p) {
      micro.output_offsets[p] = static_cast<std::int64_t>(p);
    }
  }
  Tap tap;
  Tape tape;
  const Work& work = micro.work();
  if (work.fill) {
    Tensor rows = Tensor::uninitialized({batch.tokens(), network.shape().width(work.tap)});
    for (std::size_t p = 0; p < micro.probes.size(); ++p) {
      micro.probes[p].work->fill(micro.probes[p].index, rows.row(batch.offsets[p]));
    }
    tap.replace(work.tap, std::move(rows));
  }
  if (work.gradients) tap.differentiate(work.tap, tape);
  if (work.activation) tap.read(work.tap);
  const Variable output = network(batch, tap);
  micro.logits = output.value;
  read_values(micro);
  if (work.activation) micro.activation = tap.value(work.tap);
  if (!work.gradients) return;
  const Variable leaf = tap.leaf(work.tap);
  micro.gradients =
      tape.pull_back(output, target_cotangents(micro), std::span<const Variable>(&leaf, 1)).front();
}

void deliver(const MicroBatch& micro) {
  for (std::size_t p = 0; p < micro.probes.size(); ++p) {
    const Probe& probe = micro.probes[p];
    Answers answers;
    answers.values = micro.values[p];
    const std::int64_t first = micro.output_offsets[p];
    const std::int64_t rows = micro.output_offsets[p + 1] - first;
    answers.logits = {micro.logits.row(first),
                      static_cast<std::size_t>(rows * micro.logits.width())};
    GradientView view;
    if (probe.work->gradients) {
      view = {micro.gradients.row(micro.offsets[p]), micro.tokens * micro.gradients.width(),
              micro.offsets[p + 1] - micro.offsets[p], micro.gradients.width()};
      answers.gradients = &view;
    }
    if (probe.work->activation) {
      const std::int64_t tokens = micro.offsets[p + 1] - micro.offsets[p];
      answers.activation = {micro.activation.row(micro.offsets[p]),
                            static_cast<std::size_t>(tokens * micro.activation.width())};
    }
    probe.work->deliver(probe.index, answers);
  }
}

/// Bytes of memory that programs may still take, as the kernel estimates; none if it does not say.
std::optional<std::int64_t> available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  for (std::int64_t kilobytes = 0; file >> key >> kilobytes; file.ignore(64, '\n')) {
    if (key == "MemAvailable:") return kilobytes * 1024;
  }
  return std::nullopt;
}

std::int64_t memory_budget(const ExecutorOptions& options) {
  if (options.memory > 0) return options.memory;
  constexpr std::int64_t kDefault = std::int64_t{1} << 30;
  return std::min(kDefault, available_memory().value_or(4 * kDefault) / 4);
}

/// What one input may take that cannot be cut: the budget that was asked for, else half of what is
/// free.
std::int64_t memory_limit(const ExecutorOptions& options) {
  const std::int64_t budget = memory_budget(options);
  if (options.memory > 0) return budget;
  return std::max(budget, available_memory().value_or(0) / 2);
}

/// Bytes of activations for each token of a micro-batch.
std::int64_t bytes_per_token(const NetworkShape& shape, bool gradients, std::int64_t targets) {
  std::int64_t floats = shape.untracked_floats_per_token;
  // The VJP holds a few cotangents of the widest activations for every target.
  if (gradients)
    floats = shape.tracked_floats_per_token + targets * shape.untracked_floats_per_token;
  return floats * static_cast<std::int64_t>(sizeof(float));
}

/// True if the threads take this micro-batch together and not each one of its own: when there is no
/// other and it is large enough, or when it keeps so much for its VJP that one such pass at a time
/// is enough, and every thread still has as many rows as a micro-batch of its own would have.
bool shared_by_threads(const Network& network, const MicroBatch& batch, std::size_t batches) {
  constexpr std::int64_t kMuch = std::int64_t{64} << 20;
  if (batches == 1) return work_of(network, batch) >= kSharedWork;
  return batch.work().gradients && batch.tokens >= thread_count() * kCacheTokens &&
         batch.tokens * bytes_per_token(network.shape(), true, batch.targets()) > kMuch;
}

/// Probes may share a pass if they are differentiated alike at the same place.
using Kind = std::tuple<bool, std::size_t, bool, bool, std::string>;

Kind kind_of(const Work& work) {
  const bool tapped = work.fill || work.gradients || work.activation;
  return {work.gradients, work.gradients ? work.targets->size() : 0, static_cast<bool>(work.fill),
          work.activation, tapped ? work.tap : std::string()};
}

std::vector<MicroBatch> cut(const Network& network, const ExecutorOptions& options,
                            const std::vector<Probe>& probes) {
  std::int64_t tokens = 0;
  std::int64_t longest = 0;
  for (const Probe& probe : probes) {
    tokens += probe.input->size();
    longest = std::max(longest, probe.input->size());
  }
  const Work& work = *probes.front().work;
  const std::int64_t threads = thread_count();
  const std::int64_t each = bytes_per_token(network.shape(), work.gradients,
                                            static_cast<std::int64_t>(work.targets->size()));
  const std::int64_t budget = memory_budget(options);
  const std::int64_t limit = memory_limit(options);
  pellucid::check(
      longest * each <= limit, "one input of {} tokens needs {} MiB of activations, but {} {} MiB",
      longest, longest * each / (1 << 20) + 1,
      options.memory > 0 ? "--memory allows" : "half of what is free is", limit / (1 << 20));
  std::int64_t most = options.batch_tokens > 0 ? options.batch_tokens : kCacheTokens;
  most = std::clamp<std::int64_t>(budget / (threads * each), 1, most);
  // As many micro-batches as give all threads the same number of them, each about equally large.
  std::int64_t batches = (tokens + most - 1) / most;
  if (batches > 1) batches = (batches + threads - 1) / threads * threads;
  const std::int64_t share = std::max<std::int64_t>(1, (tokens + batches - 1) / batches);
  std::vector<MicroBatch> cuts;
  for (const Probe& probe : probes) {
    const std::int64_t size = probe.input->size();
    if (cuts.empty() || cuts.back().tokens + size / 2 > share ||
        (cuts.back().tokens + size > most && cuts.back().tokens > 0)) {
      cuts.emplace_back();
    }
    cuts.back().probes.push_back(probe);
    cuts.back().tokens += size;
  }
  return cuts;
}

std::vector<MicroBatch> plan(const Network& network, const ExecutorOptions& options,
                             std::span<const Work> works) {
  std::vector<std::pair<Kind, std::vector<Probe>>> groups;
  std::map<Kind, std::size_t> places;
  for (const Work& work : works) {
    const auto [place, is_new] = places.emplace(kind_of(work), groups.size());
    if (is_new) groups.emplace_back(place->first, std::vector<Probe>());
    for (std::int64_t index = 0; index < work.probes; ++index) {
      groups[place->second].second.push_back({&work, index, &work.input(index)});
    }
  }
  std::vector<MicroBatch> batches;
  for (const auto& [kind, probes] : groups) {
    if (probes.empty()) continue;
    for (MicroBatch& micro : cut(network, options, probes)) batches.push_back(std::move(micro));
  }
  return batches;
}

/// Micro-batches end in any order; they are delivered in theirs.
class InOrder {
 public:
  explicit InOrder(std::vector<MicroBatch>& batches) : batches_(batches), ended_(batches.size()) {}

  void end(std::size_t index) {
    const std::lock_guard lock(mutex_);
    ended_[index] = true;
    while (!failed_ && next_ < batches_.size() && ended_[next_]) {
      failed_ = true;  // stays so if what follows throws: nothing is delivered twice or behind it
      deliver(batches_[next_]);
      failed_ = false;
      batches_[next_++] = MicroBatch();
    }
  }

 private:
  std::vector<MicroBatch>& batches_;
  std::mutex mutex_;
  std::vector<bool> ended_;
  std::size_t next_ = 0;
  bool failed_ = false;
};

}  // namespace

void DirectExecutor::check(std::span<const Work> works) const { plan(network_, options_, works); }

void DirectExecutor::run(std::span<const Work> works) {
  std::vector<MicroBatch> batches = plan(network_, options_, works);
  InOrder order(batches);
  const auto work = [&](std::size_t place) {
    const PrecisionScope scope(precision_);
    run_micro_batch(network_, batches[place]);
    order.end(place);
  };
  std::vector<std::size_t> own;  // micro-batches of one thread each
  for (std::size_t place = 0; place < batches.size(); ++place) {
    if (shared_by_threads(network_, batches[place], batches.size())) {
      work(place);  // outside of a parallel region: the threads share its products
    } else {
      own.push_back(place);
    }
  }
  std::optional<SerialScope> alone;
  if (own.size() == 1) alone.emplace();
  parallel_tasks(static_cast<std::int64_t>(own.size()),
                 [&](std::int64_t index) { work(own[static_cast<std::size_t>(index)]); });
}

}  // namespace pellucid
