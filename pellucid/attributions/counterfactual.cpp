// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/counterfactual.h"

#include <algorithm>

#include "pellucid/attributions/smallest_set.h"
#include "pellucid/base/error.h"
#include "pellucid/base/names.h"

namespace pellucid {
namespace {

constexpr Names<CounterfactualMode, 3> kModes{{{CounterfactualMode::remove, "remove"},
                                               {CounterfactualMode::substitute, "substitute"},
                                               {CounterfactualMode::sufficient, "sufficient"}}};

CounterfactualMode parse_mode(std::string_view text) { return parse_name(kModes, "mode", text); }

OptionTable<CounterfactualSearch> options() {
  return OptionTable<CounterfactualSearch>()
      .choice("mode", &CounterfactualSearch::mode, parse_mode, "remove, substitute or sufficient",
              "what to look for")
      .option(
          "to", "a label or an index", "the label to reach; without it any other",
          [](CounterfactualSearch& method, const std::string& text) { method.to = text; },
          [](const CounterfactualSearch& method) -> std::optional<Parameter> {
            if (method.to.empty()) return std::nullopt;
            return Parameter(method.to);
          })
      .number("beam", &CounterfactualSearch::beam, 1, 1000, "1 or more",
              "sets of units that are extended together")
      .number("flips", &CounterfactualSearch::flips, 1, 1000, "1 or more",
              "words substituted at most")
      .replacement(&CounterfactualSearch::replacement);
}

/// The model's logits as a game: coalitions are run once for all targets.
Game logit_game(Evaluator& evaluator, const Replacement& replacement) {
  const std::vector<std::size_t> places = players(evaluator);
  return {places.size(), evaluator.logits().size(),
          [&evaluator, replacement, places](const std::vector<Coalition>& coalitions) {
            std::vector<std::vector<bool>> kept(
                coalitions.size(), std::vector<bool>(evaluator.units().units.size(), true));
            for (std::size_t row = 0; row < kept.size(); ++row) {
              for (std::size_t i = 0; i < places.size(); ++i) {
                kept[row][places[i]] = coalitions[row][i];
              }
            }
            Values values, answers;
            std::vector<std::vector<float>> logits;
            evaluator.ask_without(kept, replacement, values, &logits);
            evaluator.run();
            for (const auto& row : logits) answers.emplace_back(row.begin(), row.end());
            return answers;
          },
          [&evaluator](Stream purpose, std::uint32_t probe) {
            return evaluator.draws(purpose, probe);
          }};
}

std::vector<float> as_logits(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// Kept: only these players; else all but these.
Coalition coalition_with(const PlayerSet& set, std::size_t players, bool kept) {
  Coalition coalition(players, !kept);
  for (const std::size_t player : set) coalition[player] = kept;
  return coalition;
}

/// A set of units that changes the decision when they are replaced, or keeps it when all others
/// are.
Counterfactual search(Game& game, const Decision& decision, bool keeps, std::size_t beam,
                      const Evaluator& evaluator, const std::string& instead) {
  const std::int64_t before = game.evaluations();
  const SmallestSet set =
      smallest_set(game.players(), beam, [&](const std::vector<PlayerSet>& sets) {
        std::vector<Coalition> coalitions;
        for (const PlayerSet& one : sets) {
          coalitions.push_back(coalition_with(one, game.players(), keeps));
        }
        std::vector<double> near;
        for (const auto& values : game(coalitions)) {
          const double change = decision.change(as_logits(values));
          near.push_back(keeps ? -change : change);
        }
        return near;
      });
  const Coalition coalition = coalition_with(set.players, game.players(), keeps);
  const std::vector<std::size_t> places = players(evaluator);
  Counterfactual result;
  result.found = set.found;
  result.logits = as_logits(game(coalition));
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (coalition[i]) continue;
    result.edits.push_back(
        {static_cast<std::int64_t>(places[i]), evaluator.units().units[places[i]].text, instead});
  }
  result.evaluations = game.evaluations() - before;
  return result;
}

}  // namespace

std::string_view name(CounterfactualMode mode) { return find_name(kModes, mode); }

Parameters CounterfactualSearch::parameters() const { return options().show(*this); }

MethodEntry CounterfactualSearch::entry() {
  return options().complete({.name = "counterfactual",
                             .summary = "the smallest change that leads to another label, or the "
                                        "fewest units that suffice for it",
                             .source = "Ebrahimi et al. 2018, arXiv 1712.06751 (HotFlip); Ribeiro, "
                                       "Singh, Guestrin 2018 (Anchors)",
                             .cost =
                                 "about 3 units + pairs of the 32 strongest forwards; substitute: "
                                 "64 forwards and 1 VJP for each word",
                             .complete = false,
                             .perturbs = true});
}

void CounterfactualSearch::check() const {
  check_usage(beam >= 1, "beam is {}, expected 1 or more", beam);
  check_usage(flips >= 1, "flips is {}, expected 1 or more", flips);
  check_usage(to.empty() || mode != CounterfactualMode::sufficient,
              "to: sufficient units keep the label that the model gives");
}

Attribution CounterfactualSearch::operator()(Evaluator& evaluator) const {
  std::optional<std::int64_t> wanted;
  if (!to.empty()) wanted = evaluator.model().label_index(to);
  Game game = logit_game(evaluator, replacement);
  const std::string instead = evaluator.shown(replacement);
  std::vector<Coalition> without(game.players(), Coalition(game.players(), true));
  for (std::size_t i = 0; i < game.players(); ++i) without[i][i] = false;
  const Values values = game(without);
  const auto classes = static_cast<std::int64_t>(evaluator.logits().size());
  Attribution result;
  std::vector<std::vector<double>> scores;
  for (std::size_t t = 0; t < evaluator.targets().size(); ++t) {
    const Target& target = evaluator.targets()[t];
    const Decision decision(target, evaluator.logits(), wanted);
    auto& of_target = scores.emplace_back();
    for (const auto& row : values) {
      of_target.push_back(evaluator.values()[t] - target.value(as_logits(row), classes));
    }
    if (mode == CounterfactualMode::substitute) {
      result.counterfactuals.push_back(substitute_words(evaluator, t, decision, flips));
    } else {
      const bool keeps = mode == CounterfactualMode::sufficient;
      result.counterfactuals.push_back(
          search(game, decision, keeps, static_cast<std::size_t>(beam), evaluator, instead));
    }
  }
  result.unit_scores = unit_scores(evaluator, scores);
  return result;
}

}  // namespace pellucid
