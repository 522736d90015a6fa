// SPDX-License-Identifier: Apache-2.0
// Executor: runs probes of one or many texts through a network in packed micro-batches, with values
// and gradients of all targets. It knows nothing of text or of methods.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pellucid/evaluator/target.h"
#include "pellucid/models/network.h"
#include "pellucid/ops/precision.h"

namespace pellucid {

/// Gradients of all targets of one probe, inside those of its micro-batch.
struct GradientView {
  const float* data = nullptr;
  std::int64_t target_stride = 0;
  std::int64_t tokens = 0;
  std::int64_t hidden = 0;

  const float* row(std::int64_t target, std::int64_t token) const {
    return data + target * target_stride + token * hidden;
  }
};

/// What a probe answers. Valid during the call that delivers it.
struct Answers {
  std::span<const double> values;           ///< [targets]
  std::span<const float> logits;            ///< [rows read, outputs]
  const GradientView* gradients = nullptr;  ///< null unless asked for
  std::span<const float> activation;        ///< at the tap, [tokens, width]; empty unless asked for
};

/// Probes of one text that are alike: the same targets, the same tap.
struct Work {
  std::int64_t probes = 0;
  /// The input of a probe. Called once for each probe, from any thread.
  std::function<const Sequence&(std::int64_t probe)> input;
  const std::vector<Target>* targets = nullptr;
  bool gradients = false;
  bool activation = false;  ///< deliver what the network has at the tap
  /// Activation that is replaced (if `fill` is set) and differentiated (if `gradients`).
  std::string tap = "embeddings";
  /// Writes the replacement, [tokens, hidden], of a probe. Called from any thread.
  std::function<void(std::int64_t probe, float* rows)> fill;
  /// Called once for each probe in ascending order, one call at a time.
  std::function<void(std::int64_t probe, const Answers& answers)> deliver;
};

struct ExecutorOptions {
  /// Tokens in a micro-batch; 0: chosen so that activations stay in the cache and all threads have
  /// work.
  std::int64_t batch_tokens = 0;
  /// Bytes of activations at most, beside the weights; 0: 1 GiB or a quarter of what is free,
  /// whichever is less, and up to half of what is free for one input that cannot be cut.
  std::int64_t memory = 0;
  Precision precision = Precision::automatic;
};

class Executor {
 public:
  virtual ~Executor() = default;
  /// Returns when all probes have been delivered. Throws what a probe threw.
  virtual void run(std::span<const Work> works) = 0;
};

/// Runs at once, on the calling thread and those of parallel_tasks.
class DirectExecutor : public Executor {
 public:
  DirectExecutor(const Network& network, const ExecutorOptions& options)
      : network_(network), options_(options), precision_(effective_precision(options.precision)) {}
  void run(std::span<const Work> works) override;
  /// Throws what run() would throw for inputs that cannot be run: too long for the memory allowed.
  void check(std::span<const Work> works) const;

 private:
  const Network& network_;
  ExecutorOptions options_;
  Precision precision_;
};

/// Many texts at once, each in straight-line code. While all that have begun wait for answers,
/// their probes are packed together and run; one that is done makes room for the next.
/// `start(index)` is asked for text 0, 1, 2 ... and returns false when there are no more.
/// `body(index, executor)` runs on a thread of its own and must not throw. `done(index)` follows in
/// ascending order; some hundred texts at most have started and are not done. `start` and `done`
/// are called on the calling thread; what they throw is thrown: by `start` after what had begun is
/// done, by `done` at once.
void run_together(const Network& network, const ExecutorOptions& options,
                  const std::function<bool(std::int64_t)>& start,
                  const std::function<void(std::int64_t, Executor&)>& body,
                  const std::function<void(std::int64_t)>& done);

}  // namespace pellucid
