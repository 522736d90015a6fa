// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/shapley.h"

#include <bit>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr int kMostUnits = 24;  // 16 million variants of the text

OptionTable<Shapley> options() {
  return OptionTable<Shapley>()
      .number("max-units", &Shapley::max_units, 1, kMostUnits, "1 to 24",
              "refuse texts of more units: n units take 2^n forwards")
      .replacement(&Shapley::replacement);
}

}  // namespace

std::vector<double> shapley_weights(std::size_t players) {
  std::vector<double> weights(players, 1 / static_cast<double>(players));
  for (std::size_t size = 1; size < players; ++size) {
    weights[size] =
        weights[size - 1] * static_cast<double>(size) / static_cast<double>(players - size);
  }
  return weights;
}

std::vector<double> shapley(const std::vector<double>& table, std::size_t players) {
  const std::vector<double> weights = shapley_weights(players);
  std::vector<double> scores(players);
  for (std::size_t index = 0; index < table.size(); ++index) {
    const auto size = static_cast<std::size_t>(std::popcount(index));
    for (std::size_t i = 0; i < players; ++i) {
      const std::size_t with = index | (std::size_t{1} << i);
      if (with != index) scores[i] += weights[size] * (table[with] - table[index]);
    }
  }
  return scores;
}

Solution shapley(Game& game) {
  Solution solution;
  for (const std::vector<double>& table : enumerate(game)) {
    solution.scores.push_back(shapley(table, game.players()));
  }
  return solution;
}

Parameters Shapley::parameters() const { return options().show(*this); }

MethodEntry Shapley::entry() {
  return options().complete({.name = "shapley",
                             .summary = "exact Shapley values, from every subset of the units",
                             .source = "Shapley 1953, A value for n-person games",
                             .cost = "2^units forwards",
                             .complete = true,
                             .perturbs = true});
}

void Shapley::check() const {
  check_usage(1 <= max_units && max_units <= kMostUnits, "max-units is {}, expected 1 to {}",
              max_units, kMostUnits);
}

Attribution Shapley::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  check_usage(game.players() <= static_cast<std::size_t>(max_units),
              "shapley: {} units, expected at most {} (--set max-units): kernel-shap and "
              "permutation-shap estimate the same values",
              game.players(), max_units);
  return attribute(evaluator, game, shapley(game), true);
}

}  // namespace pellucid
