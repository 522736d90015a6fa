// SPDX-License-Identifier: Apache-2.0
// LASSO by cyclic coordinate descent.  Friedman, Hastie, Tibshirani 2010
//   minimise 1 / (2 sum w) sum of w (y - b0 - z.b)^2 + alpha |b|_1
// b0 is not penalised. Stops when the duality gap is under 1e-10 of the mean square of y.
#pragma once

#include <span>
#include <vector>

namespace pellucid {

struct LassoFit {
  std::vector<double> coefficients;
  double intercept = 0;
};

/// columns: [features][rows]   weights: [rows]; empty: all 1. A column without variance gets 0.
LassoFit lasso(std::vector<std::vector<double>> columns, std::vector<double> y, double alpha,
               std::span<const double> weights = {});

}  // namespace pellucid
