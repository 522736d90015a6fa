// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/rise.h"

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::int64_t kUsual = 512;

OptionTable<Rise> options() {
  OptionTable<Rise> table;
  budget_options(table, &Rise::budget, "random coalitions (512)");
  return table.number("probability", &Rise::probability, 0, 1, "between 0 and 1", "to keep a unit")
      .flag("centre", &Rise::centre, "subtract the mean where the unit is replaced")
      .replacement(&Rise::replacement);
}

/// Values where a unit is kept, and where it is replaced.
struct Sides {
  Spread kept, replaced;

  void add(bool is_kept, double value) { (is_kept ? kept : replaced).add(value); }
  double score(bool centre) const {
    if (kept.count() == 0 || (centre && replaced.count() == 0)) return 0;  // nothing to compare
    return kept.mean() - (centre ? replaced.mean() : 0);
  }
  double error(bool centre) const {
    const double rest = centre ? replaced.error() : 0;
    return std::sqrt(kept.error() * kept.error() + rest * rest);
  }
};

}  // namespace

Solution Rise::solve(Game& game) const {
  const std::size_t players = game.players();
  std::vector<std::vector<Sides>> sides(game.targets(), std::vector<Sides>(players));
  const bool exact = probability == 0.5 && !budget.samples && budget.allows_all(players, kUsual);
  const auto add = [&](const std::vector<Coalition>& coalitions) {
    const Values values = game(coalitions);
    for (std::size_t row = 0; row < values.size(); ++row) {
      for (std::size_t t = 0; t < game.targets(); ++t) {
        for (std::size_t i = 0; i < players; ++i) {
          sides[t][i].add(coalitions[row][i], values[row][t]);
        }
      }
    }
    Solution solution;
    for (const auto& of_target : sides) {
      auto& scores = solution.scores.emplace_back();
      for (const Sides& of_unit : of_target) scores.push_back(of_unit.score(centre));
      if (exact) continue;
      auto& errors = solution.errors.emplace_back();
      for (const Sides& of_unit : of_target) errors.push_back(of_unit.error(centre));
    }
    return solution;
  };
  if (exact) {
    std::vector<Coalition> all;
    for (std::size_t i = 0; i < std::size_t{1} << players; ++i) {
      all.push_back(coalition_of(i, players));
    }
    return add(all);
  }
  return in_rounds(budget, budget.draws(kUsual, 1), [&](std::int64_t begin, std::int64_t end) {
    std::vector<Coalition> drawn;
    for (std::int64_t draw = begin; draw < end; ++draw) {
      const Draws draws = game.draws(Stream::masks, static_cast<std::uint32_t>(draw));
      auto& coalition = drawn.emplace_back(draws.coins(static_cast<std::uint32_t>(players)));
      if (probability == 0.5) continue;
      for (std::size_t i = 0; i < players; ++i) {
        coalition[i] = draws.bernoulli(static_cast<std::uint32_t>(i), probability);
      }
    }
    return add(drawn);
  });
}

Parameters Rise::parameters() const { return options().show(*this); }

MethodEntry Rise::entry() {
  return options().complete({.name = "rise",
                             .summary = "mean of the target with a unit minus its mean without",
                             .source = "Petsiuk, Das, Saenko 2018, arXiv 1806.07421",
                             .cost = "samples + 2 forwards",
                             .complete = false,
                             .perturbs = true});
}

void Rise::check() const {
  budget.check(3);
  check_usage(0 < probability && probability < 1, "probability is {}, expected between 0 and 1",
              probability);
}

Attribution Rise::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  return attribute(evaluator, game, solve(game), false);
}

}  // namespace pellucid
