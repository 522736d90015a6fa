// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/explain.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>

#include "pellucid/base/error.h"
#include "pellucid/base/version.h"
#include "pellucid/tasks/classification.h"
#include "pellucid/tasks/encode.h"
#include "pellucid/tasks/head_facts.h"
#include "pellucid/tasks/predict.h"
#include "pellucid/tasks/preset.h"
#include "pellucid/tasks/target_details.h"
#include "pellucid/tasks/targets.h"

namespace pellucid {
namespace {

constexpr double kLargeGap = 0.05;   // relative: a warning
constexpr double kNoChange = 1e-12;  // |value - baseline_value| too small to compare a gap with

/// Logits of one input.
std::vector<float> run_input(const Sequence& input, Executor& executor) {
  std::vector<float> logits;
  const std::vector<Target> no_targets;
  Work work;
  work.probes = 1;
  work.targets = &no_targets;
  work.input = [&input](std::int64_t) -> const Sequence& { return input; };
  work.deliver = [&logits](std::int64_t, const Answers& answers) {
    logits.assign(answers.logits.begin(), answers.logits.end());
  };
  executor.run(std::span<const Work>(&work, 1));
  return logits;
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Sum over tokens of no unit.
double unassigned(const Units& units, const std::vector<double>& tokens) {
  const auto places = units.unit_of_token(static_cast<std::int64_t>(tokens.size()));
  double sum = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!places[i]) sum += tokens[i];
  }
  return sum;
}

double total_of_seen(const std::vector<double>& scores) {
  double sum = 0;
  for (const double score : scores) sum += std::isnan(score) ? 0 : score;
  return sum;
}

/// One text on its way from item to explanation.
class Explaining {
 public:
  Explaining(const Model& model, const Item& item, const ExplainOptions& options)
      : model_(model), item_(item), options_(options), settings_(settle(options)) {}

  Explanation run(Executor& executor, ExplanationDump* dump) {
    const auto start = std::chrono::steady_clock::now();
    read_text();
    predict(executor);
    attribute(executor, dump);
    describe();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    result_.seconds = time.count();
    return std::move(result_);
  }

 private:
  void read_text() {
    result_.id = item_.id;
    result_.model = model_.name();
    result_.true_label = item_.true_label;
    result_.text = item_.pair ? item_.text : preset_text(options_.preset, item_.text);
    result_.pair = item_.pair;
    Item seen = item_;
    seen.text = result_.text;
    encoding_ =
        encode_item(model_, seen, options_.long_text, options_.max_length, result_.warnings);
    result_.tokens = encoding_.tokens;
    result_.units = units();
    change_units(options_.preset, encoding_, result_.units);
    if (result_.units.size() == 0) result_.warnings.push_back("no units to explain");
  }

  Units units() const {
    const std::string* pair = result_.pair ? &*result_.pair : nullptr;
    if (!item_.spans) {
      return make_units(settings_.unit, encoding_, result_.text, pair, options_.units);
    }
    check(!options_.unit || options_.unit == Unit::spans,
          "there are spans, but the unit is {}: expected spans", name(settings_.unit));
    check(result_.text == item_.text,
          "there are spans, but the preset {} changes the text that they count in",
          name(options_.preset));
    UserSpans spans = *item_.spans;
    spans.rest = options_.units.rest;
    return make_units(spans, encoding_, result_.text, pair);
  }

  void predict(Executor& executor) {
    result_.task = find_task(model_, options_.task, item_.pair.has_value());
    input_ = make_sequence(model_, encoding_);
    logits_ = run_input(input_, executor);
    result_.forwards = 1;
    result_.prediction = classify(head_facts(model_), result_.task, logits_);
    targets_ = resolve_targets(model_, result_.task,
                               item_.targets.empty() ? options_.targets : item_.targets,
                               settings_.output, result_.prediction, logits_, &result_.warnings);
  }

  void attribute(Executor& executor, ExplanationDump* dump) {
    Sequence attributed = input_;
    change_types(options_.preset, encoding_, item_.pair.has_value(), attributed);
    if (attributed.types != input_.types) {
      logits_ = run_input(attributed, executor);
      ++result_.forwards;
    }
    Evaluator evaluator(model_, encoding_, result_.units, attributed, targets_, executor,
                        options_.seed);
    const std::vector<double> values = target_values(logits_);
    evaluator.set_answer(values, logits_);
    evaluator.set_text(result_.text, result_.pair);
    if (dump != nullptr) evaluator.keep_gradients();
    const auto start = peer_start(attributed);
    if (start) {
      evaluator.set_baseline_places(start->positions,
                                    std::vector<std::int32_t>(start->ids.size(), 0));
    }
    Attribution found = settings_.method(evaluator);
    if (start && found.complete) {
      found.baseline_values = target_values(run_input(*start, executor));
      ++result_.forwards;
    }
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      result_.targets.push_back(explain_target(found, t, values[t]));
    }
    result_.converged = found.converged;
    usual_replacement_ = evaluator.resolved({.kind = Replacement::Kind::usual}).name();
    result_.forwards += evaluator.forwards();
    result_.vjps = evaluator.vjps();
    result_.evaluations = result_.forwards;
    result_.warnings.insert(result_.warnings.end(), evaluator.warnings().begin(),
                            evaluator.warnings().end());
    if (dump != nullptr) fill_dump(found, evaluator, *dump);
  }

  std::vector<double> target_values(const std::vector<float>& logits) const {
    std::vector<double> values;
    for (const Target& target : targets_) {
      values.push_back(target.value(logits, static_cast<std::int64_t>(logits.size())));
    }
    return values;
  }

  /// The start of the path as the preset states it, if it has a way of its own.
  std::optional<Sequence> peer_start(const Sequence& attributed) const {
    const std::optional<std::int32_t> pad = model_.tokenizer().pad_id();
    const Parameters parameters = settings_.method.parameters();
    const bool from_pad = std::find(parameters.begin(), parameters.end(),
                                    std::pair<std::string, Parameter>(
                                        "baseline", std::string("pad"))) != parameters.end();
    if (!pad || !from_pad) return std::nullopt;
    return stated_start(options_.preset, encoding_, *pad, attributed);
  }

  TargetExplanation explain_target(const Attribution& found, std::size_t t, double value) {
    TargetExplanation target;
    target.target = targets_[t];
    target.value = value;
    target.is_signed = found.is_signed && settings_.aggregate != Aggregate::l1 &&
                       settings_.aggregate != Aggregate::l2;
    if (!found.token_scores.empty()) {
      target.token_scores = found.token_scores[t];
      target.scores = aggregate(settings_.aggregate, result_.units, target.token_scores);
      target.sum = total(target.token_scores);
      target.unassigned = unassigned(result_.units, target.token_scores);
    } else {
      target.scores = found.unit_scores[t];
      target.sum = total_of_seen(target.scores);
    }
    if (!found.baseline_values.empty()) target.baseline_value = found.baseline_values[t];
    if (found.complete) state_gap(target);
    add_details(found, t, target);
    if (target.counterfactual) {
      Counterfactual& changed = *target.counterfactual;
      changed.prediction = classify(head_facts(model_), result_.task, changed.logits);
    }
    normalize_with_details(settings_.normalize, target);
    if (options_.negate) negate(target);
    return target;
  }

  void state_gap(TargetExplanation& target) {
    const double change = *target.value - *target.baseline_value;
    target.completeness_gap = std::abs(*target.sum - change);
    if (std::abs(change) < kNoChange) return;
    target.relative_gap = *target.completeness_gap / std::abs(change);
    if (*target.relative_gap <= kLargeGap) return;
    result_.warnings.push_back(
        fmt::format("{}: the scores miss the change of the target by {:.1f} %; --steps auto adds "
                    "points until they agree",
                    target.target.label, 100 * *target.relative_gap));
  }

  static void negate(TargetExplanation& target) {
    for (double& score : target.scores) score = -score;
    for (double& score : target.token_scores) score = -score;
    negate_details(target);
    if (target.sum) target.sum = -*target.sum;
    if (target.unassigned) target.unassigned = -*target.unassigned;
  }

  void fill_dump(const Attribution& found, const Evaluator& evaluator, ExplanationDump& dump) {
    dump.embeddings = evaluator.embeddings();
    dump.logits = Tensor::from(logits_, {1, static_cast<std::int64_t>(logits_.size())});
    const auto& scores = found.token_scores.empty() ? found.unit_scores : found.token_scores;
    std::vector<float> flat;
    for (const auto& row : scores) flat.insert(flat.end(), row.begin(), row.end());
    const auto targets = static_cast<std::int64_t>(scores.size());
    const auto columns = targets == 0 ? 0 : static_cast<std::int64_t>(scores.front().size());
    dump.attributions = Tensor::from(flat, {targets, columns});
    if (!found.gradients) return;
    dump.gradients = Tensor::uninitialized(
        {found.gradients->targets(), found.gradients->tokens(), found.gradients->hidden()});
    float* place = dump.gradients.data();
    for (std::int64_t t = 0; t < found.gradients->targets(); ++t) {
      for (std::int64_t i = 0; i < found.gradients->tokens(); ++i) {
        for (const double g : found.gradients->row(t, i)) *place++ = static_cast<float>(g);
      }
    }
  }

  void describe() {
    result_.method.name = settings_.method.name();
    if (options_.preset != Preset::none) result_.method.preset = name(options_.preset);
    result_.method.parameters = settings_.method.parameters();
    auto& parameters = result_.method.parameters;
    for (auto& [parameter, value] : parameters) {
      if (parameter == "replacement" && value == Parameter(std::string("auto"))) {
        value = usual_replacement_;
      }
    }
    parameters.emplace_back("aggregate", std::string(name(settings_.aggregate)));
    parameters.emplace_back("normalize", std::string(name(settings_.normalize)));
    if (options_.negate) parameters.emplace_back("negate", true);
    if (options_.units.punctuation != Punctuation::own) {
      parameters.emplace_back("punctuation", std::string(name(options_.units.punctuation)));
    }
    if (options_.units.rest) parameters.emplace_back("rest", std::string("units"));
    result_.precision = name(settings_.run.precision);
    result_.seed = options_.seed;
    result_.version = version();
    if (result_.finite()) return;
    result_.warnings.push_back("the result holds values that are not finite");
    const std::vector<std::string> tensors = model_.non_finite_tensors();
    if (tensors.empty()) return;
    result_.warnings.push_back(
        fmt::format("weights that are not finite: {}", fmt::join(tensors, ", ")));
  }

  const Model& model_;
  const Item& item_;
  const ExplainOptions& options_;
  Settings settings_;
  Encoding encoding_;
  Sequence input_;
  std::vector<float> logits_;
  std::vector<Target> targets_;
  Explanation result_;
  std::string usual_replacement_;
};

/// A text from when it is read until its result is delivered.
struct Flight {
  Item item{};
  ExplainResult result{};
};

}  // namespace

void check_options(const Model& model, const ExplainOptions& options) {
  const Task task = find_task(model, options.task, false);
  const bool classifies = task == Task::sequence_classification || task == Task::multi_label ||
                          task == Task::regression || task == Task::pair_classification;
  check_usage(classifies,
              "explain does not do the task {} yet (available: sequence-classification, "
              "pair-classification, multi-label, regression)",
              name(task));
  const bool rest_of_items = !options.unit && options.units.rest;  // whose items have the spans
  check_unit_options(rest_of_items ? Unit::spans : settle(options).unit, options.units);
  check_usage(options.preset != Preset::interpreto || model.tokenizer().mask_id(),
              "preset interpreto: {} has no mask token; there one is added to the model and drawn "
              "at random, which cannot be repeated",
              model.name());
  if (options.max_length) length_limit(model, options.max_length);
}

Explanation explain(const Model& model, const Item& item, const ExplainOptions& options,
                    ExplanationDump* dump) {
  check_options(model, options);
  DirectExecutor executor(model.network(), settle(options).run);
  return Explaining(model, item, options).run(executor, dump);
}

Explanation explain(const Model& model, const std::string& text, const ExplainOptions& options) {
  return explain(model, Item{.text = text}, options);
}

Explanation explain(const Model& model, const TextPair& pair, const ExplainOptions& options) {
  return explain(model, Item{.text = pair.first, .pair = pair.second}, options);
}

std::vector<Explanation> explain(const Model& model, std::span<const std::string> texts,
                                 const ExplainOptions& options) {
  std::vector<Explanation> explanations;
  std::size_t read = 0;
  explain_stream(
      model, options,
      [&](Item& item) {
        if (read == texts.size()) return false;
        item.text = texts[read++];
        return true;
      },
      [&](std::int64_t index, ExplainResult result) {
        if (const auto* message = std::get_if<std::string>(&result)) {
          fail("text {}: {}", index, *message);
        }
        explanations.push_back(std::move(std::get<Explanation>(result)));
      });
  return explanations;
}

void explain_stream(const Model& model, const ExplainOptions& options,
                    const std::function<bool(Item&)>& next,
                    const std::function<void(std::int64_t, ExplainResult)>& done) {
  check_options(model, options);
  std::map<std::int64_t, Flight> flights;
  std::mutex mutex;  // the map's; a flight stays where it is and has one user at a time
  const auto flight = [&](std::int64_t index) -> Flight& {
    const std::lock_guard lock(mutex);
    return flights[index];
  };
  run_together(
      model.network(), settle(options).run,
      [&](std::int64_t index) {
        Item item;
        if (!next(item)) return false;
        flight(index).item = std::move(item);
        return true;
      },
      [&](std::int64_t index, Executor& executor) {
        Flight& text = flight(index);
        try {
          text.result = Explaining(model, text.item, options).run(executor, nullptr);
        } catch (const std::exception& error) {
          text.result = std::string(error.what());
        }
      },
      [&](std::int64_t index) {
        done(index, std::move(flight(index).result));
        const std::lock_guard lock(mutex);
        flights.erase(index);
      });
}

}  // namespace pellucid
