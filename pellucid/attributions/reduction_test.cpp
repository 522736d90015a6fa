// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/reduction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

TEST(Reduce, VectorThreeMinusFour) {
  const std::vector<double> a{3, -4};
  EXPECT_EQ(reduce(Reduce::dot, a), -1);
  EXPECT_EQ(reduce(Reduce::l2, a), 5);
  EXPECT_EQ(reduce(Reduce::l1, a), 7);
  EXPECT_EQ(reduce(Reduce::mean_abs, a), 3.5);
}

TEST(Aggregate, TokensOfAUnit) {
  Units units;
  units.units.resize(2);
  units.units[0].tokens = {0, 1, 3};
  const std::vector<double> tokens{0.2, -0.5, 9, 0.1};
  const std::vector<std::pair<Aggregate, double>> expected{
      {Aggregate::sum, -0.2}, {Aggregate::mean, -0.2 / 3},   {Aggregate::max, 0.2},
      {Aggregate::min, -0.5}, {Aggregate::signed_max, -0.5}, {Aggregate::first, 0.2},
      {Aggregate::last, 0.1}, {Aggregate::l1, 0.8},          {Aggregate::l2, std::sqrt(0.3)}};
  for (const auto& [how, value] : expected) {
    const std::vector<double> scores = aggregate(how, units, tokens);
    EXPECT_NEAR(scores[0], value, 1e-15) << name(how);
    EXPECT_TRUE(std::isnan(scores[1])) << "a unit without tokens has no score";
  }
}

TEST(Normalize, ScalesAndLeavesZerosAndGapsAlone) {
  const auto normalized = [](Normalize how, std::vector<double> scores) {
    normalize(how, scores);
    return scores;
  };
  const std::vector<double> scores{0.3, -0.4, 0};
  EXPECT_EQ(normalized(Normalize::none, scores), scores);
  EXPECT_NEAR(normalized(Normalize::l2, scores)[1], -0.8, 1e-15);
  EXPECT_EQ(normalized(Normalize::max, scores)[1], -1);
  EXPECT_NEAR(normalized(Normalize::sum, scores)[0], 0.3 / 0.7, 1e-15);
  for (const Normalize how : {Normalize::l2, Normalize::max, Normalize::sum}) {
    EXPECT_EQ(normalized(how, {0, 0}), (std::vector<double>{0, 0}));
    const auto gap = normalized(how, {2, std::numeric_limits<double>::quiet_NaN()});
    EXPECT_EQ(gap[0], 1);
    EXPECT_TRUE(std::isnan(gap[1]));
    EXPECT_TRUE(normalized(how, {}).empty());
  }
}

TEST(Names, AreParsedAndUnknownOnesRefused) {
  EXPECT_EQ(parse_reduce("mean-abs"), Reduce::mean_abs);
  EXPECT_EQ(parse_aggregate("signed-max"), Aggregate::signed_max);
  EXPECT_EQ(parse_normalize("l2"), Normalize::l2);
  EXPECT_THROW(parse_aggregate("maximum"), UsageError);
}

}  // namespace
}  // namespace pellucid
