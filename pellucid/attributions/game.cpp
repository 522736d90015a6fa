// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/game.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace pellucid {
namespace {

/// Units that do not play stay.
std::vector<bool> kept_units(std::size_t units, const std::vector<std::size_t>& seen,
                             const Coalition& coalition) {
  std::vector<bool> kept(units, true);
  for (std::size_t player = 0; player < seen.size(); ++player) {
    kept[seen[player]] = coalition[player];
  }
  return kept;
}

}  // namespace

std::vector<std::size_t> players(const Evaluator& evaluator) {
  const auto& units = evaluator.units().units;
  std::vector<std::size_t> seen;
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    if (!units[unit].tokens.empty()) seen.push_back(unit);
  }
  return seen;
}

std::vector<std::vector<double>> unit_scores(const Evaluator& evaluator,
                                             const std::vector<std::vector<double>>& scores) {
  const std::vector<std::size_t> seen = players(evaluator);
  std::vector<std::vector<double>> result;
  for (const std::vector<double>& of_players : scores) {
    auto& of_units = result.emplace_back(evaluator.units().units.size(),
                                         std::numeric_limits<double>::quiet_NaN());
    for (std::size_t player = 0; player < seen.size(); ++player) {
      of_units[seen[player]] = of_players[player];
    }
  }
  return result;
}

Game::Game(Evaluator& evaluator, const Replacement& replacement)
    : Game(
          pellucid::players(evaluator).size(), evaluator.targets().size(),
          [&evaluator, replacement](const std::vector<Coalition>& coalitions) {
            const std::vector<std::size_t> seen = pellucid::players(evaluator);
            std::vector<std::vector<bool>> kept;
            for (const Coalition& coalition : coalitions) {
              kept.push_back(kept_units(evaluator.units().units.size(), seen, coalition));
            }
            Values values;
            evaluator.ask_without(kept, replacement, values);
            evaluator.run();
            return values;
          },
          [&evaluator](Stream purpose, std::uint32_t probe) {
            return evaluator.draws(purpose, probe);
          }) {
  known_[Coalition(players_, true)] = evaluator.values();
}

Game::Game(std::size_t players, std::size_t targets, Play play, MakeDraws draws)
    : players_(players), targets_(targets), play_(std::move(play)), draws_(std::move(draws)) {}

Values Game::operator()(const std::vector<Coalition>& coalitions) {
  std::vector<Coalition> unknown;
  for (const Coalition& coalition : coalitions) {
    if (known_.try_emplace(coalition).second) unknown.push_back(coalition);
  }
  if (!unknown.empty()) {
    Values values = play_(unknown);
    for (std::size_t i = 0; i < unknown.size(); ++i) known_[unknown[i]] = std::move(values[i]);
  }
  Values values;
  for (const Coalition& coalition : coalitions) values.push_back(known_.at(coalition));
  return values;
}

const std::vector<double>& Game::operator()(const Coalition& coalition) {
  if (!known_.contains(coalition)) (*this)(std::vector<Coalition>{coalition});
  return known_.at(coalition);
}

Coalition coalition_of(std::size_t index, std::size_t players) {
  Coalition coalition(players);
  for (std::size_t i = 0; i < players; ++i) coalition[i] = ((index >> i) & 1U) != 0;
  return coalition;
}

std::vector<std::vector<double>> enumerate(Game& game) {
  constexpr std::size_t kAtOnce = 4096;  // bounds what is queued
  const std::size_t count = std::size_t{1} << game.players();
  std::vector<std::vector<double>> table(game.targets(), std::vector<double>(count));
  for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
    std::vector<Coalition> coalitions;
    for (std::size_t index = begin; index < std::min(count, begin + kAtOnce); ++index) {
      coalitions.push_back(coalition_of(index, game.players()));
    }
    const Values values = game(coalitions);
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (std::size_t t = 0; t < table.size(); ++t) table[t][begin + i] = values[i][t];
    }
  }
  return table;
}

Attribution attribute(Evaluator& evaluator, Game& game, const Solution& solution, bool complete) {
  for (const std::string& warning : solution.warnings) evaluator.warn(warning);
  Attribution result;
  result.unit_scores = unit_scores(evaluator, solution.scores);
  result.standard_errors = unit_scores(evaluator, solution.errors);
  result.baseline_values = game.none();
  result.complete = complete;
  result.converged = solution.converged;
  return result;
}

}  // namespace pellucid
