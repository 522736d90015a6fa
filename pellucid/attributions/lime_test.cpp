// SPDX-License-Identifier: Apache-2.0
// LIME, ridge and LASSO against the conditions that their minimum satisfies.
#include "pellucid/attributions/lime.h"

#include "pellucid/attributions/lasso.h"
#include "pellucid/attributions/synthetic_games_test.h"
#include "pellucid/attributions/weighted_ridge.h"
#include "pellucid/base/error.h"

namespace pellucid {
namespace {

using games::expect_all_near;
using games::game_of;
using games::Table;

struct Regression {
  std::vector<std::vector<double>> columns;
  std::vector<double> y, weights;
};

Regression random_regression(std::size_t rows, std::size_t features, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Regression test;
  test.columns.assign(features, std::vector<double>(rows));
  for (auto& column : test.columns) {
    for (double& value : column) value = generator() % 2 == 0 ? 1 : 0;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    test.y.push_back(2 * test.columns[0][i] - test.columns[1][i] + 0.5 * test.columns[2][i] +
                     0.1 * normal(generator));
    test.weights.push_back(0.05 + static_cast<double>(generator() % 100) / 100);
  }
  return test;
}

/// The slope of the smooth part is -alpha sign(b), or within alpha where b is 0.
void expect_lasso_minimum(const Regression& test, double alpha, std::span<const double> weights) {
  const LassoFit fit = lasso(test.columns, test.y, alpha, weights);
  std::vector<double> rest;
  double total = 0, mean = 0;
  for (std::size_t i = 0; i < test.y.size(); ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    double line = fit.intercept;
    for (std::size_t j = 0; j < test.columns.size(); ++j) {
      line += fit.coefficients[j] * test.columns[j][i];
    }
    rest.push_back(weight * (test.y[i] - line));
    total += weight;
    mean += rest.back();
  }
  EXPECT_NEAR(mean / total, 0, 1e-9);
  for (std::size_t j = 0; j < test.columns.size(); ++j) {
    double pull = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) pull += rest[i] * test.columns[j][i] / total;
    if (fit.coefficients[j] == 0) {
      EXPECT_LE(std::abs(pull), alpha + 1e-6) << j;
    } else {
      EXPECT_NEAR(pull, std::copysign(alpha, fit.coefficients[j]), 1e-6) << j;
    }
  }
}

TEST(Lasso, SatisfiesTheConditionsOfItsMinimum) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const Regression test = random_regression(64, 12, seed);
    for (const double alpha : {0.001, 0.01, 0.1}) {
      expect_lasso_minimum(test, alpha, {});
      expect_lasso_minimum(test, alpha, test.weights);
    }
  }
  expect_lasso_minimum(random_regression(10, 20, 4), 0.05, {});  // more features than rows
}

TEST(Lasso, EdgeCases) {
  Regression test = random_regression(64, 6, 5);
  test.columns[3].assign(64, 1);  // no variance
  EXPECT_EQ(lasso(test.columns, test.y, 0.01).coefficients[3], 0);
  expect_all_near(lasso(test.columns, test.y, 100).coefficients, std::vector<double>(6), 0);
  const LassoFit constant = lasso(test.columns, std::vector<double>(64, 2.5), 0.01);
  expect_all_near(constant.coefficients, std::vector<double>(6), 0);
  EXPECT_NEAR(constant.intercept, 2.5, 1e-12);
  EXPECT_TRUE(lasso({}, {1, 2}, 0.1).coefficients.empty());
  EXPECT_TRUE(
      std::isnan(lasso(test.columns, std::vector<double>(64, std::nan("")), 0.1).coefficients[0]));
}

TEST(WeightedRidge, SatisfiesItsNormalEquations) {
  const Regression test = random_regression(40, 6, 6);
  std::vector<Coalition> rows(40, Coalition(6));
  for (std::size_t i = 0; i < 40; ++i) {
    for (std::size_t j = 0; j < 6; ++j) rows[i][j] = test.columns[j][i] == 1;
  }
  const WeightedRidge ridge(rows, test.weights);
  const auto all = ridge.select(test.y, 1, 0);
  const std::vector<double> b = ridge.fit(test.y, 1, all);
  double total = 0, intercept = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    double line = 0;
    for (std::size_t j = 0; j < 6; ++j) line += b[j] * test.columns[j][i];
    total += test.weights[i];
    intercept += test.weights[i] * (test.y[i] - line);
  }
  intercept /= total;
  for (std::size_t j = 0; j < 6; ++j) {
    double pull = 0;
    for (std::size_t i = 0; i < 40; ++i) {
      double line = intercept;
      for (std::size_t k = 0; k < 6; ++k) line += b[k] * test.columns[k][i];
      pull += test.weights[i] * test.columns[j][i] * (test.y[i] - line);
    }
    EXPECT_NEAR(pull, b[j], 1e-10);  // lambda = 1
  }
  EXPECT_EQ(ridge.select(test.y, 1, 3), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_GT(ridge.r_squared(test.y, ridge.fit(test.y, 1e-9, all)), 0.97);
}

Table additive_table(std::size_t players) {
  Table table(std::size_t{1} << players);
  for (std::size_t i = 0; i < table.size(); ++i) {
    for (std::size_t j = 0; j < players; ++j) {
      if ((i >> j & 1U) != 0) table[i] += static_cast<double>(j) - 2;
    }
  }
  return table;
}

TEST(Lime, AdditiveGamesAreFittedExactly) {
  const std::vector<Table> tables{additive_table(8)};
  for (const LimeMasks masks : {LimeMasks::sizes, LimeMasks::bernoulli}) {
    for (const LimeDistance distance :
         {LimeDistance::cosine, LimeDistance::hamming, LimeDistance::euclidean}) {
      Game game = game_of(tables);
      const Lime method{.masks = masks, .distance = distance, .width = 1, .lambda = 1e-9};
      const LimeSolution found = method.solve(game);
      expect_all_near(found.solution.scores[0], {-2, -1, 0, 1, 2, 3, 4, 5}, 1e-6);
      EXPECT_NEAR(found.r_squared[0], 1, 1e-9);
      for (const double error : found.solution.errors[0]) EXPECT_NEAR(error, 0, 1e-6);
    }
  }
  Game game = game_of(tables);
  const LimeSolution lines = Lime{.width = 1, .fit = LimeFit::lasso, .alpha = 1e-6}.solve(game);
  expect_all_near(lines.solution.scores[0], {-2, -1, 0, 1, 2, 3, 4, 5}, 1e-3);
  EXPECT_TRUE(lines.solution.errors.empty());
  Game few = game_of(tables);
  const std::vector<double> top =
      Lime{.lambda = 1e-3, .top_features = 3}.solve(few).solution.scores[0];
  EXPECT_EQ(std::count(top.begin(), top.end(), 0.0), 5);
  EXPECT_NE(top[7], 0);
}

/// Errors against the spread over seeds of what is estimated.
TEST(Lime, ErrorsAreHonest) {
  const std::vector<Table> tables{games::smooth_table(9, 1)};
  const auto method = [](std::int64_t samples) {
    return Lime{.width = 0.5, .lambda = 1e-9, .budget = {.samples = samples}};
  };
  Game many = game_of(tables, 999);
  const std::vector<double> limit = method(20000).solve(many).solution.scores[0];
  constexpr int kSeeds = 100;
  int inside = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Game game = game_of(tables, static_cast<std::uint64_t>(seed));
    const Solution found = method(400).solve(game).solution;
    for (std::size_t i = 0; i < limit.size(); ++i) {
      if (std::abs(found.scores[0][i] - limit[i]) <= 1.96 * found.errors[0][i]) ++inside;
    }
  }
  EXPECT_GT(inside, 0.91 * kSeeds * 9);
  EXPECT_LT(inside, 0.98 * kSeeds * 9);
}

TEST(Lime, BudgetsEdgesAndRefusals) {
  const std::vector<Table> tables{games::smooth_table(11, 7)}, nobody{{3}}, one{{1, 4}};
  for (const std::int64_t evaluations : {3, 5, 40, 500}) {
    Game game = game_of(tables);
    EXPECT_EQ(Lime{.budget = {.evaluations = evaluations}}.solve(game).solution.scores[0].size(),
              11U);
    EXPECT_LE(game.evaluations(), evaluations);
  }
  Game empty = game_of(nobody), single = game_of(one);
  EXPECT_TRUE(Lime{}.solve(empty).solution.scores[0].empty());
  EXPECT_GT(Lime{}.solve(single).solution.scores[0][0], 0);
  EXPECT_THROW(Lime{.width = 0}.check(), UsageError);
  EXPECT_THROW((Lime{.fit = LimeFit::lasso, .top_features = 2}.check()), UsageError);
  EXPECT_THROW((Lime{.fit = LimeFit::lasso, .budget = {.tolerance = 0.1}}.check()), UsageError);
}

}  // namespace
}  // namespace pellucid
