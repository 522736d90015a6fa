// SPDX-License-Identifier: Apache-2.0
// Methods on trees of units, and interactions, against their definitions.
#include "pellucid/attributions/hierarchical_occlusion.h"
#include "pellucid/attributions/leave_one_out.h"
#include "pellucid/attributions/partition_shap.h"
#include "pellucid/attributions/shapley.h"
#include "pellucid/attributions/shapley_interactions.h"
#include "pellucid/attributions/smallest_set.h"
#include "pellucid/attributions/synthetic_games_test.h"
#include "pellucid/base/error.h"

namespace pellucid {
namespace {

using games::expect_all_near;
using games::game_of;
using games::Table;

constexpr std::int64_t kPlenty = 1000000;

/// All orders that keep every group of the tree together.
std::vector<std::vector<std::size_t>> orders_of(const UnitTree& tree) {
  if (tree.children.empty()) return {tree.leaves};
  std::vector<std::size_t> places(tree.children.size());
  std::iota(places.begin(), places.end(), 0U);
  std::vector<std::vector<std::size_t>> orders;
  do {
    std::vector<std::vector<std::size_t>> begun{{}};
    for (const std::size_t place : places) {
      std::vector<std::vector<std::size_t>> longer;
      for (const auto& first : begun) {
        for (const auto& then : orders_of(tree.children[place])) {
          longer.push_back(first);
          longer.back().insert(longer.back().end(), then.begin(), then.end());
        }
      }
      begun = std::move(longer);
    }
    orders.insert(orders.end(), begun.begin(), begun.end());
  } while (std::next_permutation(places.begin(), places.end()));
  return orders;
}

std::vector<double> owen_by_orders(const UnitTree& tree, const Table& table) {
  const auto orders = orders_of(tree);
  std::vector<double> sum(tree.leaves.size());
  for (const auto& order : orders) {
    const std::vector<double> gains = games::gains_along(order, table);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += gains[i] / static_cast<double>(orders.size());
    }
  }
  return sum;
}

TEST(PartitionShap, ExampleAndFlatTree) {
  Game game = game_of(games::kExample), flat = game_of(games::kExample);
  expect_all_near(partition_shap(game, parse_tree("[[0,1],2]", 3), kPlenty).scores[0],
                  {2.25, 3.75, 1.0}, 1e-12);
  expect_all_near(partition_shap(flat, parse_tree("[0,1,2]", 3), kPlenty).scores[0],
                  games::shapley_by_orders(games::kExample[0]), 1e-12);
}

TEST(PartitionShap, EqualsTheMeanOverOrdersOfTheTree) {
  const std::vector<Table> tables{games::random_table(6, 1), games::random_table(6, 2)};
  for (const char* text : {"[[0,1,2],[3,[4,5]]]", "[[0,1],[2,3],[4,5]]", "[0,[1,[2,[3,[4,5]]]]]",
                           "[[0,1,2,3,4],5]", "[[5,0],[1,4],[2,3]]"}) {
    const UnitTree tree = parse_tree(text, 6);
    Game game = game_of(tables);
    const Solution found = partition_shap(game, tree, kPlenty);
    for (std::size_t t = 0; t < 2; ++t) {
      expect_all_near(found.scores[t], owen_by_orders(tree, tables[t]), 1e-12);
    }
    EXPECT_TRUE(found.converged);
  }
}

TEST(PartitionShap, EvaluationsAndBudget) {
  const std::vector<Table> tables{games::random_table(8, 3)};
  const UnitTree tree = halved(parse_tree("[0,1,2,3,4,5,6,7]", 8), 4);
  Game game = game_of(tables);
  partition_shap(game, tree, kPlenty);
  EXPECT_EQ(game.evaluations(), 44);
  for (const std::int64_t evaluations : {2, 3, 4, 10, 20, 43, 44}) {
    Game bounded = game_of(tables);
    const Solution found = partition_shap(bounded, tree, evaluations);
    EXPECT_LE(bounded.evaluations(), evaluations);
    EXPECT_EQ(found.converged, evaluations == 44);
    const double sum = std::accumulate(found.scores[0].begin(), found.scores[0].end(), 0.0);
    EXPECT_NEAR(sum, tables[0].back() - tables[0].front(), 1e-12);
  }
  Game least = game_of(tables);
  expect_all_near(partition_shap(least, tree, 2).scores[0],
                  std::vector<double>(8, (tables[0].back() - tables[0].front()) / 8), 1e-12);
}

TEST(PartitionShap, NoPlayersAndOne) {
  const std::vector<Table> nobody{{3}}, one{{1, 4}};
  Game empty = game_of(nobody), single = game_of(one);
  EXPECT_TRUE(partition_shap(empty, UnitTree{}, 10).scores[0].empty());
  EXPECT_EQ(partition_shap(single, parse_tree("0", 1), 10).scores[0], std::vector<double>{3});
}

TEST(UnitTree, ParsesAndRefuses) {
  const UnitTree tree = parse_tree(" [[0, 2] ,[[1]]]", 3);
  EXPECT_EQ(tree.leaves, (std::vector<std::size_t>{0, 2, 1}));
  EXPECT_EQ(tree.children.size(), 2U);
  EXPECT_TRUE(tree.children[1].children.empty());
  for (const char* text : {"", "[", "[0,1", "[0,1]]", "[0,1,3]", "[0,1,1,2]", "[0,1]", "[0,1,x]",
                           "[0,1,-2]", "[]", "[0,,1,2]"}) {
    EXPECT_THROW(parse_tree(text, 3), UsageError) << text;
  }
  EXPECT_THROW(parse_tree(std::string(100000, '['), 3), UsageError);
}

TEST(HierarchicalOcclusion, WideBeamIsLeaveOneOut) {
  const std::vector<Table> tables{games::random_table(8, 4), games::random_table(8, 5)};
  const UnitTree tree = parse_tree("[[[0,1],[2,3]],[[4,5],[6,7]]]", 8);
  Game wide = game_of(tables), alone = game_of(tables), narrow = game_of(tables);
  const Solution found = hierarchical_occlusion(wide, tree, 100);
  const Solution expected = leave_one_out(alone);
  for (std::size_t t = 0; t < 2; ++t) expect_all_near(found.scores[t], expected.scores[t], 1e-12);
  hierarchical_occlusion(narrow, tree, 1);
  EXPECT_EQ(narrow.evaluations(), 1 + 2 + 2 + 2);
}

TEST(ShapleyInteractions, Example) {
  Game shap = game_of(games::kExample), index = game_of(games::kExample),
       taylor = game_of(games::kExample);
  const auto pairs = ShapleyInteractions{.index = InteractionIndex::shapley}.solve(index);
  expect_all_near(pairs.matrices[0][0], {0, 2.5, 0.5}, 1e-12);
  EXPECT_NEAR(pairs.matrices[0][1][2], 1.5, 1e-12);
  const auto matrix = ShapleyInteractions{}.solve(shap);
  expect_all_near(matrix.matrices[0][0], {0.8333, 1.25, 0.25}, 5e-5);
  EXPECT_NEAR(matrix.matrices[0][1][1], 1.8333, 5e-5);
  EXPECT_NEAR(matrix.matrices[0][2][2], -0.1667, 5e-5);
  expect_all_near(matrix.solution.scores[0], games::shapley_by_orders(games::kExample[0]), 1e-12);
  const auto second = ShapleyInteractions{.index = InteractionIndex::taylor}.solve(taylor);
  expect_all_near(second.matrices[0][0], {1, 7.0 / 3, 1.0 / 3}, 1e-12);
  EXPECT_NEAR(second.matrices[0][1][2], 4.0 / 3, 1e-12);
  EXPECT_NEAR(
      second.solution.scores[0][0] + second.solution.scores[0][1] + second.solution.scores[0][2], 7,
      1e-12);
}

TEST(ShapleyInteractions, SampledAgreesWithExactWithinItsErrors) {
  const std::vector<Table> tables{games::smooth_table(8, 6)};
  for (const InteractionIndex index :
       {InteractionIndex::shap, InteractionIndex::shapley, InteractionIndex::taylor}) {
    Game all = game_of(tables);
    const auto exact = ShapleyInteractions{.index = index}.solve(all);
    EXPECT_TRUE(exact.errors.empty());
    constexpr int kSeeds = 40;
    int inside = 0, count = 0;
    for (int seed = 0; seed < kSeeds; ++seed) {
      Game game = game_of(tables, static_cast<std::uint64_t>(seed));
      const auto found = ShapleyInteractions{.index = index, .budget = {.samples = 60}}.solve(game);
      for (std::size_t i = 0; i < 8; ++i) {
        for (std::size_t j = i + 1; j < 8; ++j) {
          EXPECT_EQ(found.matrices[0][i][j], found.matrices[0][j][i]);
          ++count;
          if (std::abs(found.matrices[0][i][j] - exact.matrices[0][i][j]) <=
              1.96 * found.errors[0][i][j]) {
            ++inside;
          }
        }
      }
    }
    EXPECT_GT(inside, 0.91 * count);
    EXPECT_LT(inside, 0.985 * count);
  }
}

TEST(ShapleyInteractions, BudgetsEdgesAndRefusals) {
  const std::vector<Table> tables{games::smooth_table(12, 7)}, nobody{{3}}, one{{1, 4}},
      two{{0, 1, 2, 5}};
  for (const std::int64_t evaluations : {80, 200, 1000, 3000, 4095}) {
    for (const InteractionIndex index : {InteractionIndex::shap, InteractionIndex::taylor}) {
      Game game = game_of(tables);
      const auto found =
          ShapleyInteractions{.index = index, .budget = {.evaluations = evaluations}}.solve(game);
      EXPECT_LE(game.evaluations(), evaluations);
      EXPECT_EQ(found.solution.warnings.empty(), evaluations >= 3000) << evaluations;
    }
  }
  Game top = game_of(tables);
  const auto few = ShapleyInteractions{.pairs_of = 3, .budget = {.evaluations = 1000}}.solve(top);
  int known = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    for (std::size_t j = 0; j < 12; ++j) known += std::isnan(few.matrices[0][i][j]) ? 0 : 1;
  }
  EXPECT_EQ(known, 12 + 2 * 3);
  Game empty = game_of(nobody), single = game_of(one), pair = game_of(two);
  EXPECT_TRUE(ShapleyInteractions{}.solve(empty).matrices[0].empty());
  expect_all_near(ShapleyInteractions{}.solve(single).matrices[0][0], {3}, 1e-12);
  expect_all_near(ShapleyInteractions{}.solve(pair).matrices[0][0], {1, 1}, 1e-12);
  Game tight = game_of(tables);
  EXPECT_THROW(ShapleyInteractions{.budget = {.evaluations = 10}}.solve(tight), UsageError);
}

TEST(SmallestSet, IsSmallAndMinimal) {
  std::mt19937 generator(8);
  for (int round = 0; round < 50; ++round) {
    const std::size_t players = 3 + generator() % 10;
    std::vector<double> weights(players);
    for (double& weight : weights) weight = static_cast<double>(generator() % 1000) / 1000;
    const double goal = std::accumulate(weights.begin(), weights.end(), 0.0) *
                        (static_cast<double>(generator() % 90) / 100);
    const auto nearness = [&](const std::vector<PlayerSet>& sets) {
      std::vector<double> near;
      for (const PlayerSet& set : sets) {
        near.push_back(-goal);
        for (const std::size_t player : set) near.back() += weights[player];
      }
      return near;
    };
    const SmallestSet found = smallest_set(players, 8, nearness);
    ASSERT_TRUE(found.found);
    EXPECT_GT(nearness({found.players}).front(), 0);
    for (std::size_t i = 0; i < found.players.size(); ++i) {
      PlayerSet less = found.players;
      less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_LE(nearness({less}).front(), 0);
    }
    std::sort(weights.rbegin(), weights.rend());
    double sum = -goal;
    std::size_t least = 0;
    while (sum <= 0) sum += weights[least++];
    EXPECT_EQ(found.players.size(), least);
  }
  const SmallestSet none = smallest_set(4, 8, [](const std::vector<PlayerSet>& sets) {
    std::vector<double> near;
    for (const PlayerSet& set : sets) near.push_back(static_cast<double>(set.size()) - 10);
    return near;
  });
  EXPECT_FALSE(none.found);
  EXPECT_EQ(none.players.size(), 4U);
  const SmallestSet empty = smallest_set(0, 8, [](const std::vector<PlayerSet>& sets) {
    return std::vector<double>(sets.size(), -1);
  });
  EXPECT_FALSE(empty.found);
}

}  // namespace
}  // namespace pellucid
