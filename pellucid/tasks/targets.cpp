// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/targets.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string_view>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/tasks/classification.h"

namespace pellucid {
namespace {

struct Choice {
  std::int64_t index = 0;
  std::optional<std::int64_t> contrast;
};

/// The labels, how probable each is, and which are predicted.
struct Candidates {
  std::vector<std::string> labels;
  std::vector<double> strengths;  // probabilities, or values of a regression
  std::vector<std::int64_t> predicted;
  bool none_predicted = false;
};

Candidates candidates_of(const Prediction& prediction) {
  if (const auto* classes = std::get_if<ClassPrediction>(&prediction)) {
    return {classes->labels, classes->probabilities, {classes->index}, false};
  }
  if (const auto* labels = std::get_if<MultiLabelPrediction>(&prediction)) {
    if (!labels->predicted.empty()) {
      return {labels->labels, labels->probabilities, labels->predicted, false};
    }
    return {labels->labels, labels->probabilities, {labels->index}, true};
  }
  const auto& values = std::get<RegressionPrediction>(prediction);
  std::vector<std::int64_t> all(values.values.size());
  std::iota(all.begin(), all.end(), 0);
  return {values.labels, values.values, all, false};
}

std::vector<std::int64_t> strongest(const std::vector<double>& strengths, std::int64_t count) {
  std::vector<std::int64_t> order(strengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return strengths[static_cast<std::size_t>(a)] > strengths[static_cast<std::size_t>(b)];
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
  return order;
}

std::int64_t parse_top(std::string_view text) {
  const std::string_view digits = text.substr(text.find(':') + 1);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  check_usage(error == std::errc() && end == digits.data() + digits.size() && count > 0,
              "target {}: expected top:K with a number K of 1 or more", quote(text));
  return count;
}

/// "A-B" at every hyphen, since names may hold hyphens too; exact names on both sides win.
std::optional<Choice> find_contrast(const std::vector<std::string>& labels, std::string_view text) {
  const auto known = [&](std::string_view side) {
    return std::find(labels.begin(), labels.end(), side) != labels.end();
  };
  std::optional<Choice> found;
  for (std::size_t at = text.find('-'); at != std::string_view::npos; at = text.find('-', at + 1)) {
    const std::string_view left = text.substr(0, at);
    const std::string_view right = text.substr(at + 1);
    const bool exact = known(left) && known(right);
    if (found && !exact) continue;
    const auto a = find_label(labels, left);
    const auto b = a ? find_label(labels, right) : std::nullopt;
    if (!b) continue;
    check_usage(*a != *b, "target {}: both sides are the label \"{}\"", quote(text),
                labels[static_cast<std::size_t>(*a)]);
    found = Choice{*a, b};
    if (exact) break;
  }
  return found;
}

[[noreturn]] void fail_unknown(const std::vector<std::string>& labels, std::string_view text) {
  std::string_view missing = text;
  for (std::size_t at = text.find('-'); at != std::string_view::npos; at = text.find('-', at + 1)) {
    const std::string_view left = text.substr(0, at);
    const std::string_view right = text.substr(at + 1);
    if (find_label(labels, left)) missing = right;
    if (find_label(labels, right)) missing = left;
  }
  fail_usage("target {}: no label is called {}, expected one of {}{}", quote(text), quote(missing),
             label_list(labels), did_you_mean(missing, labels));
}

Choice find_choice(const std::vector<std::string>& labels, std::string_view text) {
  if (const auto index = find_label(labels, text)) return {*index, std::nullopt};
  if (const auto contrast = find_contrast(labels, text)) return *contrast;
  fail_unknown(labels, text);
}

std::vector<Choice> choices_of(const Candidates& candidates, const std::string& wanted,
                               std::vector<std::string>* warnings) {
  std::vector<std::int64_t> indexes;
  if (wanted == "predicted") {
    indexes = candidates.predicted;
    if (candidates.none_predicted && warnings) {
      warnings->push_back(fmt::format(
          "no label has a probability of 0.5 or more; the most probable one, \"{}\", is explained",
          candidates.labels[static_cast<std::size_t>(indexes.front())]));
    }
  } else if (wanted == "all") {
    indexes.resize(candidates.labels.size());
    std::iota(indexes.begin(), indexes.end(), 0);
  } else if (wanted.rfind("top:", 0) == 0) {
    indexes = strongest(candidates.strengths, parse_top(wanted));
  } else {
    return {find_choice(candidates.labels, wanted)};
  }
  std::vector<Choice> choices;
  for (const std::int64_t index : indexes) choices.push_back({index, std::nullopt});
  return choices;
}

Output output_of(const Choice& choice, Link link, std::optional<Output> wanted) {
  if (link == Link::identity) {
    check_usage(wanted.value_or(Output::logit) == Output::logit,
                "output {}: the task is regression, its values have no probability, expected logit",
                name(wanted.value_or(Output::logit)));
    return Output::logit;
  }
  if (choice.contrast) {
    const Output output = wanted.value_or(Output::logit);
    return output == Output::probability ? Output::probability_difference : output;
  }
  check_usage(wanted != Output::probability_difference,
              "output probability-difference: expected targets of the form A-B");
  return wanted.value_or(Output::probability);
}

}  // namespace

std::vector<Target> resolve_targets(const HeadFacts& facts, Task task,
                                    const std::vector<std::string>& wanted,
                                    std::optional<Output> output, const Prediction& prediction,
                                    std::span<const float> logits,
                                    std::vector<std::string>* warnings) {
  check_usage(facts.head == HeadKind::sequence_classification,
              "task {}: targets by label are for sequence-classification, pair-classification, "
              "multi-label and regression",
              name(task));
  // One logit without a problem type is shown as a value, but has a probability when asked for.
  if (task == Task::regression && facts.outputs == 1 && !facts.problem_type && output &&
      *output != Output::logit) {
    task = Task::sequence_classification;
    return resolve_targets(facts, task, wanted, output, classify(facts, task, logits), logits,
                           warnings);
  }
  const Link link = link_of(facts, task);
  const Candidates candidates = candidates_of(prediction);
  const auto label = [&](std::int64_t index) {
    return candidates.labels[static_cast<std::size_t>(index)];
  };
  std::vector<Target> targets;
  for (const std::string& word : wanted.empty() ? std::vector<std::string>{"predicted"} : wanted) {
    for (const Choice& choice : choices_of(candidates, word, warnings)) {
      Target target{.label = label(choice.index), .index = choice.index, .link = link};
      target.contrast = choice.contrast;
      if (choice.contrast) target.label.append("-").append(label(*choice.contrast));
      target.output = output_of(choice, link, output);
      targets.push_back(std::move(target));
    }
  }
  return targets;
}

std::vector<Target> resolve_targets(const Model& model, Task task,
                                    const std::vector<std::string>& wanted,
                                    std::optional<Output> output, const Prediction& prediction,
                                    std::span<const float> logits,
                                    std::vector<std::string>* warnings) {
  return resolve_targets(head_facts(model), task, wanted, output, prediction, logits, warnings);
}

}  // namespace pellucid
