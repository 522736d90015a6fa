// SPDX-License-Identifier: Apache-2.0
// Reductions, aggregations and normalisations against worked examples.
#include "pellucid/attributions/reduction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr Aggregate kAggregates[] = {Aggregate::sum,  Aggregate::mean,       Aggregate::max,
                                     Aggregate::min,  Aggregate::signed_max, Aggregate::first,
                                     Aggregate::last, Aggregate::l1,         Aggregate::l2};
constexpr Reduce kReduces[] = {Reduce::dot, Reduce::l2, Reduce::l1, Reduce::mean_abs};
constexpr Normalize kNormalizes[] = {Normalize::none, Normalize::l2, Normalize::max,
                                     Normalize::sum};

Units units_of(const std::vector<std::vector<std::int64_t>>& tokens) {
  Units units;
  for (const auto& members : tokens) {
    TextUnit unit;
    unit.tokens = members;
    units.units.push_back(unit);
  }
  return units;
}

TEST(Reduce, OfAVector) {
  const std::vector<double> vector{3, -4};
  EXPECT_EQ(reduce(Reduce::dot, vector), -1);
  EXPECT_EQ(reduce(Reduce::l2, vector), 5);
  EXPECT_EQ(reduce(Reduce::l1, vector), 7);
  EXPECT_EQ(reduce(Reduce::mean_abs, vector), 3.5);
  for (const Reduce how : kReduces) {
    EXPECT_EQ(reduce(how, std::vector<double>(7)), 0) << name(how);
    EXPECT_EQ(is_signed(how), how == Reduce::dot);
  }
}

TEST(Aggregate, OfTheTokensOfAUnit) {
  // The unit's tokens lie apart; the others must not matter.
  const std::vector<double> tokens{9, 0.2, -0.5, -9, 0.1, 9};
  const Units units = units_of({{1, 2, 4}});
  const double expected[] = {-0.2, -0.2 / 3, 0.2, -0.5, -0.5, 0.2, 0.1, 0.8, std::sqrt(0.3)};
  for (std::size_t i = 0; i < std::size(kAggregates); ++i) {
    EXPECT_NEAR(aggregate(kAggregates[i], units, tokens).front(), expected[i], 1e-15)
        << name(kAggregates[i]);
  }
}

TEST(Aggregate, SignedMaxTakesTheFirstOfEqualSizes) {
  const std::vector<double> tokens{0.5, -0.5, 0.1};
  EXPECT_EQ(aggregate(Aggregate::signed_max, units_of({{0, 1, 2}}), tokens).front(), 0.5);
  EXPECT_EQ(aggregate(Aggregate::signed_max, units_of({{1, 2}}), tokens).front(), -0.5);
}

TEST(Aggregate, UnitsWithoutTokensHaveNoScore) {
  const Units units = units_of({{0}, {}, {1}});
  for (const Aggregate how : kAggregates) {
    const std::vector<double> scores = aggregate(how, units, std::vector<double>{1, 2});
    ASSERT_EQ(scores.size(), 3U);
    EXPECT_EQ(scores[0], 1) << name(how);
    EXPECT_TRUE(std::isnan(scores[1])) << name(how);
    EXPECT_EQ(scores[2], 2) << name(how);
  }
  EXPECT_TRUE(aggregate(Aggregate::sum, Units{}, std::vector<double>{1}).empty());
}

TEST(Normalize, OfScores) {
  const std::vector<std::vector<double>> expected{
      {0.3, -0.4, 0}, {0.6, -0.8, 0}, {0.75, -1, 0}, {3 / 7.0, -4 / 7.0, 0}};
  for (std::size_t i = 0; i < std::size(kNormalizes); ++i) {
    std::vector<double> scores{0.3, -0.4, 0};
    normalize(kNormalizes[i], scores);
    for (std::size_t u = 0; u < 3; ++u) {
      EXPECT_NEAR(scores[u], expected[i][u], 1e-15) << name(kNormalizes[i]);
    }
  }
}

TEST(Normalize, ZerosStayZeros) {
  for (const Normalize how : kNormalizes) {
    std::vector<double> scores(4);
    normalize(how, scores);
    EXPECT_EQ(scores, std::vector<double>(4)) << name(how);
    std::vector<double> none;
    normalize(how, none);
    EXPECT_TRUE(none.empty());
  }
}

TEST(Normalize, MissingScoresAreLeftOutAndStay) {
  const double expected[] = {3, 0.6, 0.75, 3 / 7.0};
  for (std::size_t i = 0; i < std::size(kNormalizes); ++i) {
    std::vector<double> scores{kNaN, 3, kNaN, -4};
    normalize(kNormalizes[i], scores);
    EXPECT_TRUE(std::isnan(scores[0]));
    EXPECT_TRUE(std::isnan(scores[2]));
    EXPECT_NEAR(scores[1], expected[i], 1e-15) << name(kNormalizes[i]);
    EXPECT_NEAR(scores[3], expected[i] * -4 / 3, 1e-15) << name(kNormalizes[i]);
    std::vector<double> all_missing{kNaN, kNaN};
    normalize(kNormalizes[i], all_missing);
    EXPECT_TRUE(std::isnan(all_missing[0]) && std::isnan(all_missing[1]));
  }
}

TEST(Names, AreReadAsTheyArePrinted) {
  for (const Reduce how : kReduces) EXPECT_EQ(parse_reduce(name(how)), how);
  for (const Aggregate how : kAggregates) EXPECT_EQ(parse_aggregate(name(how)), how);
  for (const Normalize how : kNormalizes) EXPECT_EQ(parse_normalize(name(how)), how);
  EXPECT_THROW(parse_reduce("norm"), UsageError);
  EXPECT_THROW(parse_aggregate("median"), UsageError);
  EXPECT_THROW(parse_normalize("l3"), UsageError);
}

}  // namespace
}  // namespace pellucid
