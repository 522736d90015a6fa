// SPDX-License-Identifier: Apache-2.0
// RISE and Sobol indices on games with known values.
#include "pellucid/attributions/rise.h"
#include "pellucid/attributions/sobol.h"
#include "pellucid/attributions/synthetic_games_test.h"
#include "pellucid/base/error.h"

namespace pellucid {
namespace {

using games::expect_all_near;
using games::game_of;
using games::Table;

/// Mean over all coalitions of the others of v with i minus v without.
std::vector<double> banzhaf(const Table& table) {
  std::vector<double> values(games::players_of(table));
  for (std::size_t index = 0; index < table.size(); ++index) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double share = 2.0 / static_cast<double>(table.size());
      values[i] += ((index >> i & 1U) != 0 ? share : -share) * table[index];
    }
  }
  return values;
}

struct Indices {
  std::vector<double> first, total;
};

/// By the definitions: variances of conditional means, and means of conditional variances.
Indices sobol_by_definition(const Table& table) {
  const std::size_t players = games::players_of(table);
  Spread all;
  for (const double value : table) all.add(value);
  const double count = static_cast<double>(table.size());
  const double variance = all.variance() * (count - 1) / count;
  Indices found;
  for (std::size_t i = 0; i < players; ++i) {
    double sums[2] = {0, 0}, within = 0;
    for (std::size_t index = 0; index < table.size(); ++index) {
      sums[index >> i & 1U] += table[index];
      const double half = (table[index] - table[index ^ (std::size_t{1} << i)]) / 2;
      within += half * half / count;
    }
    const double off = (sums[1] - sums[0]) / count;  // half the distance of the two means
    found.first.push_back(off * off / variance);
    found.total.push_back(within / variance);
  }
  return found;
}

TEST(Rise, ExampleAndBanzhafValues) {
  Game game = game_of(games::kExample), whole = game_of(games::kExample);
  expect_all_near(Rise{}.solve(game).scores[0], {2.25, 3.75, 0.75}, 1e-12);
  expect_all_near(Rise{.centre = false}.solve(whole).scores[0], {3.5, 4.25, 2.75}, 1e-12);
  for (std::size_t players = 1; players <= 9; ++players) {
    const std::vector<Table> tables{games::random_table(players, 1)};
    Game all = game_of(tables);
    const Solution found = Rise{}.solve(all);
    expect_all_near(found.scores[0], banzhaf(tables[0]), 1e-12);
    EXPECT_TRUE(found.errors.empty());
  }
}

TEST(Rise, ErrorsAreHonest) {
  const std::vector<Table> tables{games::smooth_table(10, 2)};
  const std::vector<double> exact = banzhaf(tables[0]);
  constexpr int kSeeds = 200;
  int inside = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Game game = game_of(tables, static_cast<std::uint64_t>(seed));
    const Solution found = Rise{.budget = {.samples = 200}}.solve(game);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      if (std::abs(found.scores[0][i] - exact[i]) <= 1.96 * found.errors[0][i]) ++inside;
    }
  }
  EXPECT_GT(inside, 0.92 * kSeeds * 10);
  EXPECT_LT(inside, 0.98 * kSeeds * 10);
}

TEST(Sobol, ExampleAndDefinition) {
  Game game = game_of(games::kExample), first = game_of(games::kExample);
  const SobolSolution total = Sobol{}.solve(game);
  expect_all_near(total.solution.scores[0], {0.3077, 0.7407, 0.0570}, 5e-5);
  expect_all_near(total.directions[0], {1, 1, 1}, 0);
  expect_all_near(Sobol{.order = SobolOrder::first}.solve(first).solution.scores[0],
                  {0.2308, 0.6410, 0.0256}, 5e-5);
  for (std::size_t players = 1; players <= 8; ++players) {
    const std::vector<Table> tables{games::random_table(players, 3)};
    const Indices exact = sobol_by_definition(tables[0]);
    Game one = game_of(tables), other = game_of(tables);
    expect_all_near(Sobol{}.solve(one).solution.scores[0], exact.total, 1e-12);
    expect_all_near(Sobol{.order = SobolOrder::first}.solve(other).solution.scores[0], exact.first,
                    1e-12);
  }
}

/// With many rows every estimator comes to the exact indices, and its error says how near.
TEST(Sobol, EstimatorsConverge) {
  const std::vector<Table> tables{games::smooth_table(7, 4)};
  const Indices exact = sobol_by_definition(tables[0]);
  const std::vector<double> signs = banzhaf(tables[0]);
  for (const SobolOrder order : {SobolOrder::first, SobolOrder::total}) {
    for (const SobolEstimator estimator : {SobolEstimator::jansen, SobolEstimator::saltelli}) {
      Game game = game_of(tables, 5);
      const Sobol method{.order = order, .estimator = estimator, .budget = {.samples = 2048}};
      const SobolSolution found = method.solve(game);
      const auto& expected = order == SobolOrder::first ? exact.first : exact.total;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(found.solution.scores[0][i], expected[i],
                    4 * found.solution.errors[0][i] + 1e-9);
        EXPECT_LT(found.solution.errors[0][i], 0.08);
        if (std::abs(signs[i]) > 0.1) {
          EXPECT_EQ(found.directions[0][i], signs[i] > 0 ? 1 : -1);
        }
      }
    }
  }
}

TEST(Sobol, ErrorsAreHonest) {
  const std::vector<Table> tables{games::smooth_table(8, 6)};
  const std::vector<double> exact = sobol_by_definition(tables[0]).total;
  constexpr int kSeeds = 60;
  int inside = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Game game = game_of(tables, static_cast<std::uint64_t>(seed));
    const Solution found = Sobol{.budget = {.samples = 256}}.solve(game).solution;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      if (std::abs(found.scores[0][i] - exact[i]) <= 1.96 * found.errors[0][i]) ++inside;
    }
  }
  EXPECT_GT(inside, 0.9 * kSeeds * 8);
}

/// Columns of a Hadamard design are balanced and orthogonal, so 32 rows give additive games
/// exactly.
TEST(Sobol, HadamardDesignIsExactForAdditiveGames) {
  std::vector<Table> tables(1, Table(2048));
  std::vector<double> expected;
  for (std::size_t i = 0; i < 11; ++i) {
    const double weight = static_cast<double>(i) - 3;
    for (std::size_t index = 0; index < 2048; ++index) {
      if ((index >> i & 1U) != 0) tables[0][index] += weight;
    }
    expected.push_back(weight * weight);
  }
  const double all = std::accumulate(expected.begin(), expected.end(), 0.0);
  for (double& share : expected) share /= all;
  Game game = game_of(tables);
  const Sobol method{.sampler = SobolSampler::hadamard, .budget = {.samples = 32}};
  expect_all_near(method.solve(game).solution.scores[0], expected, 1e-12);
}

TEST(Variance, BudgetsEdgesAndRefusals) {
  const std::vector<Table> tables{games::smooth_table(11, 7)}, constant{Table(2048, 1.5)},
      nobody{{3}}, one{{1, 4}};
  for (const std::int64_t evaluations : {15, 30, 100, 700, 3000}) {
    Game rise = game_of(tables), sobol = game_of(tables);
    Rise{.budget = {.evaluations = evaluations}}.solve(rise);
    Sobol{.budget = {.evaluations = evaluations}}.solve(sobol);
    EXPECT_LE(rise.evaluations(), evaluations);
    EXPECT_LE(sobol.evaluations(), evaluations);
  }
  Game flat = game_of(constant), empty = game_of(nobody), single = game_of(one);
  expect_all_near(Sobol{.budget = {.samples = 20}}.solve(flat).solution.scores[0],
                  std::vector<double>(11), 0);
  EXPECT_TRUE(Sobol{}.solve(empty).solution.scores[0].empty());
  expect_all_near(Sobol{}.solve(single).solution.scores[0], {1}, 1e-12);
  EXPECT_TRUE(Rise{}.solve(empty).scores[0].empty());
  expect_all_near(Rise{}.solve(single).scores[0], {3}, 1e-12);
  Game tight = game_of(tables);
  EXPECT_THROW(Sobol{.budget = {.evaluations = 14}}.solve(tight), UsageError);
  EXPECT_THROW((Sobol{.sampler = SobolSampler::hadamard, .budget = {.samples = 16}}.solve(tight)),
               UsageError);
  EXPECT_THROW(Rise{.probability = 1}.check(), UsageError);
}

}  // namespace
}  // namespace pellucid
