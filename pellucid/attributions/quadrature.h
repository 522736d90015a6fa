// SPDX-License-Identifier: Apache-2.0
// Rules for integrals over [0, 1]: nodes ascending, weights that sum to 1.
#pragma once

#include <string_view>
#include <vector>

namespace pellucid {

enum class Rule {
  gauss_legendre,
  riemann_left,
  riemann_right,
  riemann_middle,
  trapezoid,
  adaptive,  ///< panels that are halved where the integral has not settled; no fixed list of nodes
};

std::string_view name(Rule rule);
Rule parse_rule(std::string_view name);

struct Quadrature {
  std::vector<double> nodes;
  std::vector<double> weights;
};

/// points >= 1 (trapezoid: >= 2), else UsageError.
Quadrature quadrature(Rule rule, int points);

}  // namespace pellucid
