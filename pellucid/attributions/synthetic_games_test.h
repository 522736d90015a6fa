// SPDX-License-Identifier: Apache-2.0
// Games with known answers, for the tests of methods that are functions of a game.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "pellucid/attributions/game.h"

namespace pellucid::games {

/// v of every coalition; bit i of the index: player i is kept.
using Table = std::vector<double>;

inline std::size_t players_of(const Table& table) {
  return static_cast<std::size_t>(std::lround(std::log2(static_cast<double>(table.size()))));
}

inline std::size_t index_of(const Coalition& coalition) {
  std::size_t index = 0;
  for (std::size_t i = 0; i < coalition.size(); ++i) {
    if (coalition[i]) index |= std::size_t{1} << i;
  }
  return index;
}

/// Targets with these values; the tables must outlive the game. `seed` decides all draws.
inline Game game_of(const std::vector<Table>& tables, std::uint64_t seed = 0) {
  return {
      players_of(tables.front()), tables.size(),
      [&tables](const std::vector<Coalition>& coalitions) {
        Values values;
        for (const Coalition& coalition : coalitions) {
          auto& row = values.emplace_back();
          for (const Table& table : tables) row.push_back(table[index_of(coalition)]);
        }
        return values;
      },
      [seed](Stream purpose, std::uint32_t probe) { return Draws(seed, purpose, probe, 12345); }};
}

/// v({}), v(1), v(2), v(12), v(3), v(13), v(23), v(123)
inline const std::vector<Table> kExample{{0, 1, 2, 5, 0, 1, 3, 7}};

inline Table random_table(std::size_t players, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Table table(std::size_t{1} << players);
  for (double& value : table) value = normal(generator);
  return table;
}

/// A random walk: neighbours are alike, as in texts.
inline Table smooth_table(std::size_t players, unsigned seed) {
  Table table = random_table(players, seed);
  std::partial_sum(table.begin(), table.end(), table.begin());
  for (double& value : table) value *= 0.1;
  return table;
}

/// Sums of a number for every player and one for every pair.
inline Table pairwise_table(std::size_t players, unsigned seed) {
  const Table numbers = random_table(std::max<std::size_t>(players, 6), seed);
  Table table(std::size_t{1} << players);
  for (std::size_t index = 0; index < table.size(); ++index) {
    for (std::size_t i = 0; i < players; ++i) {
      if ((index >> i & 1U) == 0) continue;
      table[index] += numbers[i];
      for (std::size_t j = i + 1; j < players; ++j) {
        if ((index >> j & 1U) != 0) table[index] += numbers[(i * 7 + j) % numbers.size()];
      }
    }
  }
  return table;
}

/// What players add along an order.
inline std::vector<double> gains_along(const std::vector<std::size_t>& order, const Table& table) {
  std::vector<double> gains(order.size());
  std::size_t index = 0;
  for (const std::size_t player : order) {
    const std::size_t with = index | (std::size_t{1} << player);
    gains[player] = table[with] - table[index];
    index = with;
  }
  return gains;
}

/// The Shapley value by its definition: the mean over all orders.
inline std::vector<double> shapley_by_orders(const Table& table) {
  std::vector<std::size_t> order(players_of(table));
  std::iota(order.begin(), order.end(), 0U);
  std::vector<double> sum(order.size());
  double count = 0;
  do {
    const std::vector<double> gains = gains_along(order, table);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gains[i];
    ++count;
  } while (std::next_permutation(order.begin(), order.end()));
  for (double& value : sum) value /= count;
  return sum;
}

inline void expect_all_near(const std::vector<double>& found, const std::vector<double>& expected,
                            double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], tolerance) << i;
  }
}

}  // namespace pellucid::games
