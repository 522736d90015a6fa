// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/quadrature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

double integral_of_power(const Quadrature& rule, int power) {
  double sum = 0;
  for (std::size_t k = 0; k < rule.nodes.size(); ++k) {
    sum += rule.weights[k] * std::pow(rule.nodes[k], power);
  }
  return sum;
}

TEST(Quadrature, GaussLegendreOfTwoThreeAndFivePoints) {
  const Quadrature two = quadrature(Rule::gauss_legendre, 2);
  EXPECT_NEAR(two.nodes[0], 0.2113248654, 1e-10);
  EXPECT_NEAR(two.weights[1], 0.5, 1e-15);
  const Quadrature three = quadrature(Rule::gauss_legendre, 3);
  EXPECT_NEAR(three.nodes[0], 0.1127016654, 1e-10);
  EXPECT_EQ(three.nodes[1], 0.5);
  EXPECT_NEAR(three.weights[1], 0.4444444444, 1e-10);
  const Quadrature five = quadrature(Rule::gauss_legendre, 5);
  EXPECT_NEAR(five.nodes[4], 0.9530899230, 1e-10);
  EXPECT_NEAR(five.weights[3], 0.2393143352, 1e-10);
}

TEST(Quadrature, GaussLegendreIsExactToDegreeTwiceThePoints) {
  for (int n = 1; n <= 64; ++n) {
    const Quadrature rule = quadrature(Rule::gauss_legendre, n);
    for (const int power : {0, 1, n, 2 * n - 1}) {
      EXPECT_NEAR(integral_of_power(rule, power), 1.0 / (power + 1), 1e-13) << n << ", " << power;
    }
  }
}

TEST(Quadrature, EveryRuleIsAscendingAndSumsToOne) {
  for (const Rule rule : {Rule::gauss_legendre, Rule::riemann_left, Rule::riemann_right,
                          Rule::riemann_middle, Rule::trapezoid}) {
    for (const int n : {2, 3, 10, 257, 1000}) {
      const Quadrature points = quadrature(rule, n);
      ASSERT_EQ(points.nodes.size(), static_cast<std::size_t>(n));
      EXPECT_TRUE(std::is_sorted(points.nodes.begin(), points.nodes.end()));
      EXPECT_NEAR(std::accumulate(points.weights.begin(), points.weights.end(), 0.0), 1, 1e-12)
          << name(rule) << ", " << n;
    }
  }
  EXPECT_EQ(quadrature(Rule::riemann_left, 4).nodes, (std::vector<double>{0, 0.25, 0.5, 0.75}));
  EXPECT_EQ(quadrature(Rule::riemann_right, 4).nodes, (std::vector<double>{0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(quadrature(Rule::riemann_middle, 2).nodes, (std::vector<double>{0.25, 0.75}));
  EXPECT_EQ(quadrature(Rule::trapezoid, 3).weights, (std::vector<double>{0.25, 0.5, 0.25}));
}

TEST(Quadrature, ClenshawCurtisNestsAndIsExactToItsDegree) {
  const Quadrature simpson = clenshaw_curtis(2);
  EXPECT_NEAR(simpson.weights[1], 4.0 / 6, 1e-15);
  const Quadrature four = clenshaw_curtis(4);
  const std::vector<double> weights{1, 8, 12, 8, 1};
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(four.weights[k], weights[k] / 30, 1e-15);
  for (int n = 2; n <= 128; n *= 2) {
    const Quadrature coarse = clenshaw_curtis(n);
    const Quadrature fine = clenshaw_curtis(2 * n);
    for (std::size_t k = 0; k < coarse.nodes.size(); ++k) {
      EXPECT_NEAR(coarse.nodes[k], fine.nodes[2 * k], 1e-15);
    }
    for (const int power : {0, 1, n / 2, n}) {
      EXPECT_NEAR(integral_of_power(coarse, power), 1.0 / (power + 1), 1e-13) << n;
    }
  }
}

TEST(Quadrature, RefusesWhatCannotBe) {
  EXPECT_THROW(quadrature(Rule::gauss_legendre, 0), UsageError);
  EXPECT_THROW(quadrature(Rule::trapezoid, 1), UsageError);
  EXPECT_THROW(quadrature(Rule::adaptive, 5), UsageError);
  EXPECT_THROW(parse_rule("simpson"), UsageError);
  EXPECT_EQ(parse_rule("riemann-middle"), Rule::riemann_middle);
}

}  // namespace
}  // namespace pellucid
