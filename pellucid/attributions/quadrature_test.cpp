// SPDX-License-Identifier: Apache-2.0
// Quadrature rules against tabled values, and against the integrals of the polynomials that they
// must get right.
#include "pellucid/attributions/quadrature.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

double integral(const Quadrature& rule, int degree) {
  double sum = 0;
  for (std::size_t k = 0; k < rule.nodes.size(); ++k) {
    sum += rule.weights[k] * std::pow(rule.nodes[k], degree);
  }
  return sum;
}

void expect_rule(const Quadrature& rule, const std::vector<double>& nodes,
                 const std::vector<double>& weights, double tolerance) {
  ASSERT_EQ(rule.nodes.size(), nodes.size());
  ASSERT_EQ(rule.weights.size(), weights.size());
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    EXPECT_NEAR(rule.nodes[k], nodes[k], tolerance) << k;
    EXPECT_NEAR(rule.weights[k], weights[k], tolerance) << k;
  }
}

/// Inside [0, 1], ascending, weights that sum to 1.
void expect_sound(const Quadrature& rule, std::size_t points) {
  ASSERT_EQ(rule.nodes.size(), points);
  ASSERT_EQ(rule.weights.size(), points);
  EXPECT_NEAR(std::accumulate(rule.weights.begin(), rule.weights.end(), 0.0), 1, 1e-13);
  EXPECT_GE(rule.nodes.front(), 0);
  EXPECT_LE(rule.nodes.back(), 1);
  for (std::size_t k = 1; k < points; ++k) {
    ASSERT_LT(rule.nodes[k - 1], rule.nodes[k]) << k << " of " << points;
  }
}

TEST(GaussLegendre, HasTheTabledNodes) {
  expect_rule(quadrature(Rule::gauss_legendre, 1), {0.5}, {1}, 0);
  expect_rule(quadrature(Rule::gauss_legendre, 2), {0.2113248654, 0.7886751346}, {0.5, 0.5}, 6e-11);
  expect_rule(quadrature(Rule::gauss_legendre, 3), {0.1127016654, 0.5, 0.8872983346},
              {0.2777777778, 0.4444444444, 0.2777777778}, 6e-11);
  expect_rule(quadrature(Rule::gauss_legendre, 5),
              {0.0469100770, 0.2307653449, 0.5, 0.7692346551, 0.9530899230},
              {0.1184634425, 0.2393143352, 0.2844444444, 0.2393143352, 0.1184634425}, 6e-11);
}

TEST(GaussLegendre, IsExactForPolynomials) {
  for (int n = 1; n <= 64; ++n) {
    const Quadrature rule = quadrature(Rule::gauss_legendre, n);
    for (int degree = 0; degree < 2 * n; ++degree) {
      ASSERT_NEAR(integral(rule, degree), 1.0 / (degree + 1), 2e-14) << n << " points, " << degree;
    }
    if (n > 5) continue;
    EXPECT_GT(std::abs(integral(rule, 2 * n) - 1.0 / (2 * n + 1)), 1e-6) << n;
  }
}

/// (j + 1) P_{j+1} = (2 j + 1) x P_j - j P_{j-1}
long double legendre(int n, long double x) {
  long double before = 1, value = x;
  for (int j = 1; j < n; ++j) {
    const long double next =
        ((2 * j + 1) * x * value - static_cast<long double>(j) * before) / (j + 1);
    before = value;
    value = next;
  }
  return value;
}

TEST(GaussLegendre, NodesAreRootsUpToAThousandPoints) {
  for (const int n : {2, 7, 32, 50, 64, 99, 100, 301, 500, 1000}) {
    const Quadrature rule = quadrature(Rule::gauss_legendre, n);
    expect_sound(rule, static_cast<std::size_t>(n));
    for (int k = 0; k < n; ++k) {
      const auto place = static_cast<std::size_t>(k);
      const auto mirror = static_cast<std::size_t>(n - 1 - k);
      ASSERT_EQ(rule.weights[place], rule.weights[mirror]);
      ASSERT_NEAR(rule.nodes[place] + rule.nodes[mirror], 1, 2e-16);
      ASSERT_GT(rule.weights[place], 0);
      // The polynomial changes its sign within the rounding of the node.
      const long double x = 2.0L * static_cast<long double>(rule.nodes[place]) - 1;
      ASSERT_LE(legendre(n, x - 4e-15L) * legendre(n, x + 4e-15L), 0) << n << ", node " << k;
    }
  }
}

TEST(Riemann, NodesAndWeights) {
  const std::vector<double> quarter(4, 0.25);
  expect_rule(quadrature(Rule::riemann_left, 4), {0, 0.25, 0.5, 0.75}, quarter, 0);
  expect_rule(quadrature(Rule::riemann_right, 4), {0.25, 0.5, 0.75, 1}, quarter, 0);
  expect_rule(quadrature(Rule::riemann_middle, 4), {0.125, 0.375, 0.625, 0.875}, quarter, 0);
  for (const Rule rule : {Rule::riemann_left, Rule::riemann_right, Rule::riemann_middle}) {
    for (const int n : {1, 2, 50, 1000}) {
      expect_sound(quadrature(rule, n), static_cast<std::size_t>(n));
    }
  }
}

TEST(Trapezoid, HalvesItsEnds) {
  expect_rule(quadrature(Rule::trapezoid, 2), {0, 1}, {0.5, 0.5}, 0);
  expect_rule(quadrature(Rule::trapezoid, 5), {0, 0.25, 0.5, 0.75, 1},
              {0.125, 0.25, 0.25, 0.25, 0.125}, 0);
  for (const int n : {2, 3, 50, 1000}) {
    expect_sound(quadrature(Rule::trapezoid, n), static_cast<std::size_t>(n));
  }
}

/// 1 / (1 + 25 x^2): smooth, not a polynomial.
double gap(Rule rule, int points) {
  const Quadrature found = quadrature(rule, points);
  double sum = 0;
  for (std::size_t k = 0; k < found.nodes.size(); ++k) {
    sum += found.weights[k] / (1 + 25 * found.nodes[k] * found.nodes[k]);
  }
  return std::abs(sum - std::atan(5.0) / 5);
}

TEST(Rules, OrderOfAccuracy) {
  EXPECT_LT(gap(Rule::gauss_legendre, 20), gap(Rule::riemann_middle, 20));
  EXPECT_LT(gap(Rule::riemann_middle, 20), gap(Rule::trapezoid, 20));
  EXPECT_LT(gap(Rule::trapezoid, 20), gap(Rule::riemann_left, 20));
  EXPECT_LT(gap(Rule::trapezoid, 20), gap(Rule::riemann_right, 20));
}

TEST(Rules, RefuseWhatCannotBe) {
  for (const Rule rule : {Rule::gauss_legendre, Rule::riemann_left, Rule::riemann_right,
                          Rule::riemann_middle, Rule::trapezoid}) {
    EXPECT_THROW(quadrature(rule, 0), UsageError);
    EXPECT_THROW(quadrature(rule, -1), UsageError);
  }
  EXPECT_THROW(quadrature(Rule::trapezoid, 1), UsageError);
  EXPECT_THROW(quadrature(Rule::adaptive, 5), UsageError);
}

TEST(Rules, Names) {
  for (const Rule rule : {Rule::gauss_legendre, Rule::riemann_left, Rule::riemann_right,
                          Rule::riemann_middle, Rule::trapezoid, Rule::adaptive}) {
    EXPECT_EQ(parse_rule(name(rule)), rule);
  }
  EXPECT_THROW(parse_rule("simpson"), UsageError);
}

}  // namespace
}  // namespace pellucid
