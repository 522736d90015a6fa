// SPDX-License-Identifier: Apache-2.0
// Shapley-like methods on games with known values: against the mean over all orders, and stated
// errors against what they claim.
#include "pellucid/attributions/shapley.h"

#include <map>

#include "pellucid/attributions/kernel_shap.h"
#include "pellucid/attributions/leave_one_out.h"
#include "pellucid/attributions/permutation_shap.h"
#include "pellucid/attributions/synthetic_games_test.h"
#include "pellucid/base/error.h"

namespace pellucid {
namespace {

using games::expect_all_near;
using games::game_of;
using games::Table;

TEST(LeaveOneOut, Example) {
  Game game = game_of(games::kExample);
  expect_all_near(leave_one_out(game).scores[0], {4, 6, 2}, 1e-12);
  EXPECT_EQ(game.evaluations(), 4);
}

TEST(Shapley, ExampleAndMajority) {
  Game game = game_of(games::kExample);
  expect_all_near(shapley(game).scores[0], {7.0 / 3, 23.0 / 6, 5.0 / 6}, 1e-12);
  for (const std::size_t players : {std::size_t{3}, std::size_t{5}}) {
    Table majority(std::size_t{1} << players);
    for (std::size_t i = 0; i < majority.size(); ++i) {
      majority[i] = std::popcount(i) > static_cast<int>(players / 2) ? 1 : 0;
    }
    expect_all_near(shapley(majority, players),
                    std::vector<double>(players, 1 / static_cast<double>(players)), 1e-12);
  }
}

TEST(Shapley, EqualsTheMeanOverOrdersForEveryTarget) {
  for (std::size_t players = 1; players <= 7; ++players) {
    const std::vector<Table> tables{games::random_table(players, 1),
                                    games::random_table(players, 2)};
    Game game = game_of(tables);
    const Solution found = shapley(game);
    for (std::size_t t = 0; t < 2; ++t) {
      expect_all_near(found.scores[t], games::shapley_by_orders(tables[t]), 1e-12);
    }
    EXPECT_TRUE(found.errors.empty());
  }
}

TEST(KernelShap, IsTheShapleyValueWhenAllCoalitionsFit) {
  for (std::size_t players = 2; players <= 8; ++players) {
    const std::vector<Table> tables{games::random_table(players, 3)};
    Game game = game_of(tables);
    const Solution found = kernel_shap(game, {});
    expect_all_near(found.scores[0], shapley(tables[0], players), 1e-9);
    EXPECT_TRUE(found.errors.empty());
    EXPECT_EQ(game.evaluations(), std::int64_t{1} << players);
  }
  const std::vector<Table> small{{0, 1, 2, 5}};
  Game two = game_of(small);
  expect_all_near(kernel_shap(two, {}).scores[0], {2, 3}, 1e-12);
}

/// Sizes 1 and n - 1 alone are enough for pairwise games.
TEST(KernelShap, IsExactForPairwiseGames) {
  const std::vector<Table> tables{games::pairwise_table(9, 4)};
  Game game = game_of(tables);
  const Solution found = kernel_shap(game, {.evaluations = 60});
  expect_all_near(found.scores[0], shapley(tables[0], 9), 1e-9);
  EXPECT_LE(game.evaluations(), 60);
}

TEST(PermutationShap, OnePairIsExactForPairwiseGames) {
  const std::vector<Table> tables{games::pairwise_table(8, 5)};
  Game game = game_of(tables);
  const Solution found = permutation_shap(game, {.samples = 1});
  expect_all_near(found.scores[0], shapley(tables[0], 8), 1e-12);
  EXPECT_EQ(game.evaluations(), 2 + 2 * 7);
  Game more = game_of(tables);
  expect_all_near(permutation_shap(more, {.samples = 20}).errors[0], std::vector<double>(8), 1e-12);
}

using Solve = std::function<Solution(Game&, const Budget&)>;

const std::map<std::string, Solve> kSampling{{"kernel-shap", kernel_shap},
                                             {"permutation-shap", permutation_shap}};

TEST(SamplingShapley, SumIsExactAndBudgetIsKept) {
  for (const auto& [name, solve] : kSampling) {
    SCOPED_TRACE(name);
    for (const std::size_t players : {std::size_t{5}, std::size_t{11}, std::size_t{13}}) {
      const std::vector<Table> tables{games::smooth_table(players, 6)};
      for (const std::int64_t evaluations : {27, 40, 64, 100, 333, 1000, 5000}) {
        Game game = game_of(tables);
        const Solution found = solve(game, {.evaluations = evaluations});
        EXPECT_LE(game.evaluations(), evaluations);
        const double sum = std::accumulate(found.scores[0].begin(), found.scores[0].end(), 0.0);
        EXPECT_NEAR(sum, tables[0].back() - tables[0].front(), 1e-9) << evaluations;
      }
    }
  }
}

/// Over many seeds: the mean is the exact value, and (estimate - exact) / error spreads as a normal
/// variable does; 95 % intervals hold the exact value 95 times of 100.
void expect_calibrated(const Solve& solve, const Budget& budget) {
  constexpr int kSeeds = 200;
  const std::vector<Table> tables{games::smooth_table(10, 7)};
  const std::vector<double> exact = shapley(tables[0], 10);
  std::vector<Spread> estimates(10);
  Spread off;
  int inside = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Game game = game_of(tables, static_cast<std::uint64_t>(seed));
    const Solution found = solve(game, budget);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      estimates[i].add(found.scores[0][i]);
      off.add((found.scores[0][i] - exact[i]) / found.errors[0][i]);
      if (std::abs(found.scores[0][i] - exact[i]) <= 1.96 * found.errors[0][i]) ++inside;
    }
  }
  for (std::size_t i = 0; i < exact.size(); ++i) {
    EXPECT_LE(std::abs(estimates[i].mean() - exact[i]), 3.5 * estimates[i].error()) << i;
  }
  EXPECT_GT(std::sqrt(off.variance()), 0.8);
  EXPECT_LT(std::sqrt(off.variance()), 1.25);
  EXPECT_GT(inside, 0.92 * kSeeds * 10);
  EXPECT_LT(inside, 0.98 * kSeeds * 10);
}

TEST(SamplingShapley, ErrorsAreHonest) {
  expect_calibrated(kernel_shap, {.evaluations = 400});
  expect_calibrated(kernel_shap, {.evaluations = 140});
  expect_calibrated(permutation_shap, {.samples = 30});
}

TEST(KernelShap, AdditiveGamesAreExactWithErrorZero) {
  Table table(1024);
  for (std::size_t i = 0; i < table.size(); ++i) {
    for (std::size_t player = 0; player < 10; ++player) {
      if ((i >> player & 1U) != 0) table[i] += static_cast<double>(player);
    }
  }
  const std::vector<Table> tables{table};
  Game game = game_of(tables);
  const Solution found = kernel_shap(game, {.evaluations = 140});
  expect_all_near(found.scores[0], {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 1e-9);
  expect_all_near(found.errors[0], std::vector<double>(10), 1e-9);
}

TEST(SamplingShapley, ToleranceStopsInRounds) {
  const std::vector<Table> tables{games::smooth_table(13, 8)};
  for (const auto& [name, solve] : kSampling) {
    SCOPED_TRACE(name);
    Game loose = game_of(tables), tight = game_of(tables), strict = game_of(tables);
    const Solution quick = solve(loose, {.evaluations = 4000, .tolerance = 0.2});
    const Solution slow = solve(tight, {.evaluations = 4000, .tolerance = 0.02});
    EXPECT_TRUE(quick.converged);
    EXPECT_LE(loose.evaluations(), tight.evaluations());
    const Solution never = solve(strict, {.evaluations = 4000, .tolerance = 0});
    EXPECT_FALSE(never.converged);
    EXPECT_EQ(never.warnings.size(), 1U);
    EXPECT_LE(strict.evaluations(), 4000);
    EXPECT_GT(strict.evaluations(), 2000);  // walks share their ends
  }
}

TEST(SamplingShapley, NoPlayersOnePlayerConstantsAndNaN) {
  const std::vector<Table> nobody{{3}}, one{{1, 4}}, constant{Table(4096, 2.5)};
  std::vector<Table> broken{games::smooth_table(12, 9)};
  broken[0].back() = std::nan("");
  for (const auto& [name, solve] : kSampling) {
    SCOPED_TRACE(name);
    Game empty = game_of(nobody), single = game_of(one), flat = game_of(constant);
    EXPECT_EQ(solve(empty, {}).scores, std::vector<std::vector<double>>(1));
    EXPECT_EQ(solve(single, {}).scores[0], std::vector<double>{3});
    const Solution zeros = solve(flat, {.tolerance = 0.1});
    expect_all_near(zeros.scores[0], std::vector<double>(12), 1e-12);
    EXPECT_TRUE(zeros.converged);
    Game nan = game_of(broken);
    const Solution spoilt = solve(nan, {.samples = 300, .tolerance = 0.1});
    EXPECT_TRUE(std::isnan(spoilt.scores[0][0]) || std::isnan(spoilt.scores[0][11]));
    EXPECT_FALSE(spoilt.converged);
  }
}

TEST(SamplingShapley, TooLittleIsRefused) {
  const std::vector<Table> tables{games::random_table(12, 10)};
  Game game = game_of(tables);
  EXPECT_THROW(permutation_shap(game, {.evaluations = 20}), UsageError);
  EXPECT_THROW(kernel_shap(game, {.evaluations = 3}), UsageError);
  EXPECT_THROW(PermutationShap{.budget = {.samples = 0}}.check(), UsageError);
  EXPECT_THROW(KernelShap{.budget = {.tolerance = 2}}.check(), UsageError);
}

}  // namespace
}  // namespace pellucid
