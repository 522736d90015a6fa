// SPDX-License-Identifier: Apache-2.0
// Weighted ridge regression of numbers on coalitions, with a free intercept.
//   minimise sum of w (y - b0 - z.b)^2 + lambda |b|^2
// Columns and y are centred by their weighted means, then (Z'WZ + lambda I) b = Z'Wy is solved.
#pragma once

#include <memory>
#include <vector>

#include "pellucid/attributions/game.h"

namespace pellucid {

class WeightedRidge {
 public:
  WeightedRidge(const std::vector<Coalition>& coalitions, const std::vector<double>& weights);
  ~WeightedRidge();
  WeightedRidge(const WeightedRidge&) = delete;
  WeightedRidge& operator=(const WeightedRidge&) = delete;

  /// Players whose coefficients are free: `count` of them by forward selection, the one that makes
  /// the fit best next; 0: all.
  std::vector<std::size_t> select(const std::vector<double>& y, double lambda,
                                  std::size_t count) const;
  /// Coefficients, [players]; 0 for those that are not chosen.
  std::vector<double> fit(const std::vector<double>& y, double lambda,
                          const std::vector<std::size_t>& chosen) const;
  /// Standard errors by the sandwich (Z'WZ + lambda I)^-1 Z'W diag(r^2) WZ (Z'WZ + lambda I)^-1, r:
  /// residuals.  White 1980
  std::vector<double> errors(const std::vector<double>& y, double lambda,
                             const std::vector<std::size_t>& chosen,
                             const std::vector<double>& coefficients) const;
  /// 1 - weighted squares of the residuals / weighted squares of y; 1 where y is constant.
  double r_squared(const std::vector<double>& y, const std::vector<double>& coefficients) const;

 private:
  struct Moments;
  std::unique_ptr<const Moments> moments_;
};

}  // namespace pellucid
