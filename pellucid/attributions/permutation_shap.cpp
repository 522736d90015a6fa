// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/permutation_shap.h"

#include <algorithm>

namespace pellucid {
namespace {

constexpr std::int64_t kUsualPairs = 16;

OptionTable<PermutationShap> options() {
  OptionTable<PermutationShap> table;
  budget_options(table, &PermutationShap::budget, "orders, each also walked backwards (16)");
  return table.replacement(&PermutationShap::replacement);
}

using Order = std::vector<std::uint32_t>;

/// Coalitions along an order: nobody, the first, the first two ... everybody.
std::vector<Coalition> walk(const Order& order) {
  std::vector<Coalition> coalitions(1, Coalition(order.size(), false));
  for (const std::uint32_t player : order) {
    coalitions.push_back(coalitions.back());
    coalitions.back()[player] = true;
  }
  return coalitions;
}

/// What every player adds along an order, [targets][players]. values: along the walk.
std::vector<std::vector<double>> added(const Order& order, std::size_t targets,
                                       std::span<const std::vector<double>> values) {
  std::vector<std::vector<double>> gains(targets, std::vector<double>(order.size()));
  for (std::size_t step = 0; step < order.size(); ++step) {
    for (std::size_t t = 0; t < targets; ++t) {
      gains[t][order[step]] = values[step + 1][t] - values[step][t];
    }
  }
  return gains;
}

Solution means(const std::vector<std::vector<Spread>>& gains) {
  Solution solution;
  for (const auto& of_target : gains) {
    auto& scores = solution.scores.emplace_back();
    auto& errors = solution.errors.emplace_back();
    for (const Spread& gain : of_target) {
      scores.push_back(gain.mean());
      errors.push_back(gain.error());
    }
  }
  return solution;
}

}  // namespace

Solution permutation_shap(Game& game, const Budget& budget) {
  const std::size_t players = game.players();
  if (players < 2) {
    Solution solution;
    for (std::size_t t = 0; t < game.targets(); ++t) {
      solution.scores.emplace_back(players, game.all()[t] - game.none()[t]);
    }
    return solution;
  }
  std::vector<std::vector<Spread>> gains(game.targets(), std::vector<Spread>(players));
  const std::int64_t pairs =
      budget.draws(kUsualPairs, 2 * (static_cast<std::int64_t>(players) - 1));
  return in_rounds(budget, pairs, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Order> orders;
    std::vector<Coalition> coalitions;
    for (std::int64_t pair = begin; pair < end; ++pair) {
      const Draws draws = game.draws(Stream::permutations, static_cast<std::uint32_t>(pair));
      Order order = draws.permutation(static_cast<std::uint32_t>(players));
      for (int way = 0; way < 2; ++way) {
        for (Coalition& coalition : walk(order)) coalitions.push_back(std::move(coalition));
        orders.push_back(order);
        std::reverse(order.begin(), order.end());
      }
    }
    const Values values = game(coalitions);
    const std::span<const std::vector<double>> all(values);
    for (std::size_t i = 0; i < orders.size(); i += 2) {
      const auto there = added(orders[i], game.targets(), all.subspan(i * (players + 1)));
      const auto back = added(orders[i + 1], game.targets(), all.subspan((i + 1) * (players + 1)));
      for (std::size_t t = 0; t < game.targets(); ++t) {
        for (std::size_t p = 0; p < players; ++p) {
          gains[t][p].add((there[t][p] + back[t][p]) / 2);
        }
      }
    }
    return means(gains);
  });
}

Parameters PermutationShap::parameters() const { return options().show(*this); }

MethodEntry PermutationShap::entry() {
  return options().complete({.name = "permutation-shap",
                             .summary = "Shapley values from random orders of the units",
                             .source = "Castro, Gomez, Tejada 2009, Polynomial calculation of the "
                                       "Shapley value based on sampling",
                             .cost = "2 + 2 (units - 1) samples forwards",
                             .complete = true,
                             .perturbs = true});
}

Attribution PermutationShap::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  return attribute(evaluator, game, permutation_shap(game, budget), true);
}

}  // namespace pellucid
