// SPDX-License-Identifier: Apache-2.0
// Evaluator: what a method may ask about one text. It turns "units without these", "points on this
// path" into probes, has them run with those of other texts, and counts them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pellucid/base/philox.h"
#include "pellucid/evaluator/executor.h"
#include "pellucid/evaluator/replacement.h"
#include "pellucid/models/model.h"
#include "pellucid/text/units.h"

namespace pellucid {

/// Values [probes][targets].
using Values = std::vector<std::vector<double>>;

/// A straight line in the space of one activation: from + alpha (to - from), both [tokens, hidden].
struct Path {
  std::string tap = "embeddings";
  Tensor from;
  Tensor to;
};

/// Gradients of all targets, summed with weights; double, so that many small terms do not get lost.
class GradientSum {
 public:
  GradientSum(std::int64_t targets, std::int64_t tokens, std::int64_t hidden);
  void add(double weight, const GradientView& gradients);
  void add(const GradientSum& other);

  std::int64_t targets() const { return targets_; }
  std::int64_t tokens() const { return tokens_; }
  std::int64_t hidden() const { return hidden_; }
  /// [hidden]
  std::span<const double> row(std::int64_t target, std::int64_t token) const;

 private:
  std::int64_t targets_, tokens_, hidden_;
  std::vector<double> sum_;  // [targets, tokens, hidden]
};

class Evaluator {
 public:
  /// `encoding`, `units` and `executor` must outlive the evaluator.
  Evaluator(Model model, const Encoding& encoding, const Units& units, Sequence input,
            std::vector<Target> targets, Executor& executor, std::uint64_t seed);

  const Encoding& encoding() const { return encoding_; }
  const Units& units() const { return units_; }
  const std::vector<Target>& targets() const { return targets_; }
  const Model& model() const { return model_; }
  std::int64_t tokens() const { return input_.size(); }
  std::int64_t target_count() const { return static_cast<std::int64_t>(targets_.size()); }
  /// What the model sees of the text.
  const Sequence& input() const { return input_; }
  /// Random numbers of this text: a function of seed, purpose, probe and token ids alone.
  Draws draws(Stream purpose, std::uint32_t probe) const {
    return {seed_, purpose, probe, hash_ids(input_.ids)};
  }

  // Questions. ask_* queue probes whose answers are there after run(); so that unlike questions
  // share a pass.
  /// Targets on the real input, known since the prediction: no probe.
  const std::vector<double>& values() const { return values_; }
  /// values: [targets]   logits: of the real input, all rows read
  void set_answer(std::vector<double> values, std::span<const float> logits);
  const std::vector<float>& logits() const { return logits_; }
  /// The text behind the encoding, for methods that look at its sentences.
  void set_text(std::string text, std::optional<std::string> pair);
  /// The units of another kind that the same text has.
  Units units_of_kind(Unit kind) const;
  /// The size that a change of the target is compared with: 1 for probabilities, else the range of
  /// the logits.
  double spread(std::int64_t target) const;
  /// Methods keep gradients for a dump only when asked to.
  bool keeps_gradients() const { return keeps_gradients_; }
  void keep_gradients() { keeps_gradients_ = true; }

  /// kept[u] true: unit u stays; else it is replaced. logits: [probes][rows read * outputs]
  void ask_without(const std::vector<std::vector<bool>>& kept, const Replacement& replacement,
                   Values& answers, std::vector<std::vector<float>>* logits = nullptr);
  /// What "auto" stands for with this model and these units; others stay as they are.
  Replacement resolved(const Replacement& replacement) const;
  /// At inputs of one's own, as long as the real one.
  void ask_ids(const std::vector<std::vector<std::int32_t>>& ids, Values& answers,
               std::vector<std::vector<float>>* logits = nullptr);
  /// A replacement as it is shown: its token, "" for deletion, else its name.
  std::string shown(const Replacement& replacement);
  /// Targets at points of a path.
  void ask_values(const Path& path, std::vector<double> alphas, Values& answers);
  /// fold(point, values [targets], gradients) in the order of the points.
  using Fold = std::function<void(std::size_t, std::span<const double>, const GradientView&)>;
  void ask_gradients(const Path& path, std::vector<double> alphas, Fold fold);
  /// At points of one's own: fill(point, rows) writes the activation at the tap, [tokens, width];
  /// it is called once for each point, from any thread.
  using Fill = std::function<void(std::int64_t, float*)>;
  void ask_gradients(const std::string& tap, std::int64_t points, Fill fill, Fold fold);
  /// The gradient at the real input.
  void ask_gradients(const std::string& tap, Fold fold);
  /// Passes of one's own: compute(probe, network), each by itself, from any thread; `cost` counts
  /// what one amounts to. `floats` is what it holds at once beside a forward and a VJP.
  struct Cost {
    std::int64_t forwards = 1, vjps = 0, floats = 0;
  };
  using Compute = std::function<void(std::int64_t, const Network&)>;
  void ask_own(std::int64_t probes, const Cost& cost, Compute compute);
  void run();

  /// Positions and token types of the baseline where they are not those of the input (a peer's
  /// way).
  void set_baseline_places(std::vector<std::int32_t> positions, std::vector<std::int32_t> types);
  /// From the baseline to the input, at a tap. Template tokens keep their own embedding in the
  /// baseline.
  Path straight_path(const Replacement& baseline, const std::string& tap = "embeddings");
  /// From zero vectors, those of template tokens too, to the input.
  Path path_from_zero(const std::string& tap = "embeddings");
  /// Word embeddings of the real input, [tokens, hidden].
  Tensor embeddings() const;

  /// Rows of token-level results that a target is about: its own positions, else the one that the
  /// head reads, else all.
  std::vector<std::int64_t> read_positions(std::int64_t target) const;

  void warn(std::string warning);
  const std::vector<std::string>& warnings() const { return warnings_; }
  std::int64_t forwards() const { return forwards_; }
  std::int64_t vjps() const { return vjps_; }

 private:
  std::optional<std::int32_t> replacement_id(const Replacement& replacement);
  Tensor replacement_row(const Replacement& replacement) const;
  void ask_inputs(std::vector<Sequence> inputs, Values& answers,
                  std::vector<std::vector<float>>* logits,
                  std::function<void(std::int64_t, float*)> fill);
  std::vector<bool> stays(const std::vector<bool>& kept) const;
  Sequence variant(const std::vector<bool>& kept, const Replacement& replacement,
                   std::optional<std::int32_t> id) const;
  Sequence baseline_input(const Replacement& baseline);
  std::vector<Tensor> activations(const std::vector<Sequence>& inputs, const std::string& tap);
  void keep_positions(Sequence& input) const;
  Sequence shortened(const std::vector<bool>& stays) const;
  Sequence collapsed(const std::vector<bool>& kept, std::int32_t id) const;
  Sequence unattended(const std::vector<bool>& stays) const;

  Model model_;
  const Encoding& encoding_;
  const Units& units_;
  Sequence input_;
  std::vector<Target> targets_;
  Executor& executor_;
  std::uint64_t seed_;
  std::vector<std::int32_t> baseline_positions_;
  std::vector<std::int32_t> baseline_types_;
  std::vector<double> values_;
  std::vector<float> logits_;
  std::string text_;
  std::optional<std::string> pair_;
  double logit_range_ = 1;
  bool keeps_gradients_ = false;
  std::vector<Work> queue_;
  std::vector<std::shared_ptr<const void>> kept_;  // what queued work refers to
  std::vector<std::string> warnings_;
  std::int64_t forwards_ = 0;
  std::int64_t vjps_ = 0;
};

}  // namespace pellucid
