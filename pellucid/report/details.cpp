// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/details.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "pellucid/report/characters.h"
#include "pellucid/report/describe.h"
#include "pellucid/report/numbers.h"

namespace pellucid::report {
namespace {

constexpr std::size_t kPairs = 5;
constexpr std::size_t kShownUnits = 12;

std::string unit_text(const Explanation& explanation, std::size_t unit) {
  return beginning(explanation.units.units[unit].text, 40);
}

std::string strongest_pairs(const Explanation& explanation, const TargetExplanation& target) {
  struct Pair {
    std::size_t a, b;
    double value;
  };
  std::vector<Pair> pairs;
  const auto& matrix = target.interactions;
  for (std::size_t a = 0; a < matrix.size(); ++a) {
    for (std::size_t b = a + 1; b < matrix.size(); ++b) {
      if (std::isfinite(matrix[a][b])) pairs.push_back({a, b, matrix[a][b]});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) {
    return std::abs(x.value) > std::abs(y.value);
  });
  if (pairs.empty()) return "";
  pairs.resize(std::min(pairs.size(), kPairs));
  const auto format = ScoreFormat::of(std::abs(pairs.front().value), true);
  std::vector<std::string> texts;
  for (const Pair& pair : pairs) {
    std::string text = fmt::format("{} with {} {}", unit_text(explanation, pair.a),
                                   unit_text(explanation, pair.b), format(pair.value));
    if (!target.interaction_errors.empty()) {
      const double error = target.interaction_errors[pair.a][pair.b];
      if (std::isfinite(error)) text += fmt::format(" \u00b1 {}", short_number(error));
    }
    texts.push_back(std::move(text));
  }
  return fmt::format("Together: {}.", fmt::join(texts, ", "));
}

/// "joy 0.62", or what else the answer is.
std::string answer(const Prediction& prediction) {
  const auto classes = ranked_classes(prediction);
  if (classes.empty()) return "another answer";
  return fmt::format("{} {}", classes.front().label, probability_text(classes.front().probability));
}

/// "a, b, c and 8 more"
std::string listed(std::vector<std::string> texts) {
  const std::size_t all = texts.size();
  texts.resize(std::min(all, kShownUnits));
  const std::string more = all > kShownUnits ? fmt::format(" and {} more", all - kShownUnits) : "";
  return fmt::format("{}{}", fmt::join(texts, ", "), more);
}

bool looks_for_sufficient_units(const Explanation& explanation) {
  const auto& parameters = explanation.method.parameters;
  return std::any_of(parameters.begin(), parameters.end(), [](const auto& parameter) {
    return parameter.first == "mode" && parameter.second == Parameter(std::string("sufficient"));
  });
}

std::string sufficient_units(const Explanation& explanation, const Counterfactual& changed) {
  std::vector<bool> replaced(explanation.units.units.size(), false);
  for (const Edit& edit : changed.edits) replaced[static_cast<std::size_t>(edit.unit)] = true;
  std::vector<std::string> kept;
  for (std::size_t unit = 0; unit < replaced.size(); ++unit) {
    if (!replaced[unit] && !explanation.units.units[unit].tokens.empty()) {
      kept.push_back(unit_text(explanation, unit));
    }
  }
  const std::string units = kept.empty() ? "none of them" : listed(std::move(kept));
  return changed.found ? fmt::format("These units suffice: {} (alone: {}).", units,
                                     answer(changed.prediction))
                       : fmt::format("No units suffice; nearest: {} (alone: {}).", units,
                                     answer(changed.prediction));
}

std::string changed_text(const Explanation& explanation, const Counterfactual& changed) {
  if (looks_for_sufficient_units(explanation)) return sufficient_units(explanation, changed);
  std::vector<std::string> edits;
  for (const Edit& edit : changed.edits) {
    const std::string from = beginning(edit.from, 40);
    edits.push_back(edit.to.empty() ? fmt::format("without {}", from)
                                    : fmt::format("{} \u2192 {}", from, edit.to));
  }
  const std::string list = edits.empty() ? "nothing changed" : listed(std::move(edits));
  return changed.found ? fmt::format("Becomes {}: {}.", answer(changed.prediction), list)
                       : fmt::format("No change was found that leads there; nearest ({}): {}.",
                                     answer(changed.prediction), list);
}

}  // namespace

std::vector<std::string> details(const Explanation& explanation, const TargetExplanation& target) {
  std::vector<std::string> sentences;
  if (target.counterfactual) {
    sentences.push_back(changed_text(explanation, *target.counterfactual));
  }
  if (!target.interactions.empty()) {
    const std::string pairs = strongest_pairs(explanation, target);
    if (!pairs.empty()) sentences.push_back(pairs);
  }
  if (target.r_squared && std::isfinite(*target.r_squared)) {
    sentences.push_back(fmt::format("The fitted line explains {} of the variance (R\u00b2).",
                                    short_number(*target.r_squared)));
  }
  return sentences;
}

}  // namespace pellucid::report
