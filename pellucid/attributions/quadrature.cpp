// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/quadrature.h"

#include <cmath>
#include <numbers>

#include "pellucid/base/names.h"

namespace pellucid {
namespace {

constexpr Names<Rule, 6> kRuleNames{{{Rule::gauss_legendre, "gauss-legendre"},
                                     {Rule::riemann_left, "riemann-left"},
                                     {Rule::riemann_right, "riemann-right"},
                                     {Rule::riemann_middle, "riemann-middle"},
                                     {Rule::trapezoid, "trapezoid"},
                                     {Rule::adaptive, "adaptive"}}};

struct Legendre {
  double value;
  double slope;
};

/// P_n(x) by the three-term recurrence, and P_n'(x), for |x| < 1.
Legendre legendre(int n, double x) {
  double before = 1;
  double value = x;
  for (int j = 2; j <= n; ++j) {
    const double next = ((2 * j - 1) * x * value - (j - 1) * before) / j;
    before = value;
    value = next;
  }
  return {value, n * (x * value - before) / (x * x - 1)};
}

/// Roots of P_n by Newton's method from their asymptotic places.  Press et al., Numerical Recipes,
/// section 4.6
Quadrature gauss_legendre(int n) {
  Quadrature rule{std::vector<double>(static_cast<std::size_t>(n)),
                  std::vector<double>(static_cast<std::size_t>(n))};
  if (n == 1) return {{0.5}, {1.0}};
  const double count = n;
  for (int k = 0; k < (n + 1) / 2; ++k) {
    double x = (1 - (count - 1) / (8 * count * count * count)) *
               std::cos(std::numbers::pi * (4 * k + 3) / (4 * count + 2));
    if (2 * k + 1 == n) x = 0;
    for (int step = 0; step < 20; ++step) {
      const Legendre p = legendre(n, x);
      const double change = p.value / p.slope;
      x -= change;
      if (std::abs(change) < 1e-15) break;
    }
    const double slope = legendre(n, x).slope;
    const double weight = 1 / ((1 - x * x) * slope * slope);  // half of it: the interval is [0, 1]
    const auto low = static_cast<std::size_t>(k);
    const auto high = static_cast<std::size_t>(n - 1 - k);
    rule.nodes[low] = (1 - x) / 2;
    rule.nodes[high] = (1 + x) / 2;
    rule.weights[low] = weight;
    rule.weights[high] = weight;
  }
  return rule;
}

}  // namespace

std::string_view name(Rule rule) { return find_name(kRuleNames, rule); }
Rule parse_rule(std::string_view name) { return parse_name(kRuleNames, "rule", name); }

Quadrature quadrature(Rule rule, int points) {
  check_usage(points >= 1, "steps is {}, expected 1 or more", points);
  check_usage(rule != Rule::trapezoid || points >= 2,
              "steps is {}, expected 2 or more for the rule trapezoid", points);
  check_usage(rule != Rule::adaptive, "the rule adaptive chooses its own points");
  if (rule == Rule::gauss_legendre) return gauss_legendre(points);
  Quadrature result;
  const double n = points;
  for (int k = 0; k < points; ++k) {
    double node = k / n;
    double weight = 1 / n;
    if (rule == Rule::riemann_right) node = (k + 1) / n;
    if (rule == Rule::riemann_middle) node = (k + 0.5) / n;
    if (rule == Rule::trapezoid) {
      node = k / (n - 1);
      weight = (k == 0 || k + 1 == points ? 0.5 : 1.0) / (n - 1);
    }
    result.nodes.push_back(node);
    result.weights.push_back(weight);
  }
  return result;
}

}  // namespace pellucid
