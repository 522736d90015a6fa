// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "pellucid/report/numbers.h"

namespace pellucid::report {
namespace {

template <class Classes>
std::vector<LabelledProbability> ranked(const Classes& classes) {
  std::vector<LabelledProbability> result;
  for (std::size_t i = 0; i < classes.probabilities.size(); ++i) {
    std::string label = i < classes.labels.size() ? classes.labels[i] : fmt::format("LABEL_{}", i);
    if (std::count(classes.labels.begin(), classes.labels.end(), label) > 1) {
      label += fmt::format(" ({})", i);
    }
    result.push_back({std::move(label), classes.probabilities[i], static_cast<std::int64_t>(i)});
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return a.probability > b.probability ||
           (!std::isnan(a.probability) && std::isnan(b.probability));
  });
  return result;
}

std::string value_text(const Parameter& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return short_number(*number);
  return std::get<std::string>(value);
}

}  // namespace

std::vector<LabelledProbability> ranked_classes(const Prediction& prediction) {
  if (const auto* classes = std::get_if<ClassPrediction>(&prediction)) return ranked(*classes);
  if (const auto* labels = std::get_if<MultiLabelPrediction>(&prediction)) return ranked(*labels);
  return {};
}

std::optional<double> target_probability(const Explanation& explanation, const Target& target) {
  if (!target.index || target.contrast) return std::nullopt;
  for (const auto& item : ranked_classes(explanation.prediction)) {
    if (item.index == *target.index) return item.probability;
  }
  return std::nullopt;
}

std::string method_title(std::string_view name) {
  std::string title(name);
  std::replace(title.begin(), title.end(), '-', ' ');
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
    title[0] = static_cast<char>(title[0] - 32);
  return title;
}

std::string parameter_text(const std::pair<std::string, Parameter>& parameter) {
  const auto& [name, value] = parameter;
  const std::string text = value_text(value);
  if (name == "steps" || name == "samples" || name == "evaluations") return text + " " + name;
  return name + " " + text;
}

std::string plural(Unit kind) {
  switch (kind) {
    case Unit::all_tokens:
    case Unit::token:
      return "tokens";
    case Unit::phrase:
      return "phrases";
    case Unit::sentence:
      return "sentences";
    case Unit::paragraph:
      return "paragraphs";
    case Unit::spans:
      return "spans";
    default:
      return "words";
  }
}

std::vector<std::size_t> strongest(const std::vector<double>& scores) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isfinite(scores[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(scores[a]) > std::abs(scores[b]);
  });
  return order;
}

std::size_t main_target(const Explanation& explanation) {
  const auto classes = ranked_classes(explanation.prediction);
  for (std::size_t i = 0; i < explanation.targets.size() && !classes.empty(); ++i) {
    const Target& target = explanation.targets[i].target;
    if (!target.contrast && target.index == classes.front().index) return i;
  }
  return 0;
}

std::vector<std::size_t> drawn_targets(const Explanation& explanation, std::size_t limit) {
  std::vector<std::size_t> order(explanation.targets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() <= limit) return order;
  const auto value = [&](std::size_t i) {
    const auto& target = explanation.targets[i];
    const double known =
        target_probability(explanation, target.target).value_or(target.value.value_or(-HUGE_VAL));
    return std::isnan(known) ? -HUGE_VAL : known;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return value(a) > value(b); });
  order.resize(limit);
  std::sort(order.begin(), order.end());
  return order;
}

double score_at(const std::vector<double>& scores, std::size_t index) {
  return index < scores.size() ? scores[index] : std::numeric_limits<double>::quiet_NaN();
}

bool is_additive(const Explanation& explanation, const TargetExplanation& target) {
  if (target.token_scores.size() != explanation.tokens.size() || target.token_scores.empty())
    return false;
  const double tolerance = 1e-6 * largest_magnitude(target.token_scores);
  for (std::size_t i = 0; i < explanation.units.units.size(); ++i) {
    const TextUnit& unit = explanation.units.units[i];
    if (unit.tokens.empty()) continue;
    double sum = 0;
    for (const std::int64_t position : unit.tokens) {
      if (static_cast<std::size_t>(position) >= target.token_scores.size()) return false;
      sum += target.token_scores[static_cast<std::size_t>(position)];
    }
    if (!(std::abs(sum - score_at(target.scores, i)) <= tolerance)) return false;
  }
  return true;
}

}  // namespace pellucid::report
