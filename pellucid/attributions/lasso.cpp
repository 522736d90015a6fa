// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/lasso.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr double kTolerance = 1e-10;
constexpr int kMostSweeps = 100000;

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Subtracts the weighted mean, then multiplies by the roots of the weights. Returns the mean.
double centre(std::vector<double>& values, const std::vector<double>& weights) {
  const double mean = dot(values, weights) / std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = (values[i] - mean) * std::sqrt(weights[i]);
  }
  return mean;
}

/// With centred columns and y; `threshold` is rows * alpha.
class CoordinateDescent {
 public:
  CoordinateDescent(const std::vector<std::vector<double>>& columns, const std::vector<double>& y,
                    double threshold)
      : columns_(columns), y_(y), threshold_(threshold), rest_(y), b_(columns.size()) {
    for (const auto& column : columns) squares_.push_back(dot(column, column));
  }

  std::vector<double> run() {
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
      for (std::size_t j = 0; j < b_.size(); ++j) descend(j);
      if (gap() <= kTolerance * dot(y_, y_)) return b_;
    }
    fail("lasso: not settled after {} sweeps", kMostSweeps);
  }

 private:
  void descend(std::size_t j) {
    // What centring leaves of a constant column is rounding.
    if (squares_[j] <= 1e-20 * static_cast<double>(y_.size())) return;
    const double pull = dot(columns_[j], rest_) + squares_[j] * b_[j];
    const double size = std::max(std::abs(pull) - threshold_, 0.0);
    const double value = std::copysign(size, pull) / squares_[j];
    if (value == b_[j]) return;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      rest_[i] += columns_[j][i] * (b_[j] - value);
    }
    b_[j] = value;
  }

  /// Primal minus dual objective, times the number of rows.
  double gap() const {
    double strongest = 0, size = 0;
    for (std::size_t j = 0; j < b_.size(); ++j) {
      strongest = std::max(strongest, std::abs(dot(columns_[j], rest_)));
      size += std::abs(b_[j]);
    }
    const double scale = strongest <= threshold_ ? 1 : threshold_ / strongest;
    const double left = dot(rest_, rest_);
    return left / 2 + threshold_ * size - scale * dot(rest_, y_) + scale * scale * left / 2;
  }

  const std::vector<std::vector<double>>& columns_;
  const std::vector<double>& y_;
  double threshold_;
  std::vector<double> rest_, b_, squares_;
};

}  // namespace

LassoFit lasso(std::vector<std::vector<double>> columns, std::vector<double> y, double alpha,
               std::span<const double> weights) {
  std::vector<double> shares(y.size(), 1.0);  // weights that sum to the number of rows
  if (!weights.empty()) {
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i < y.size(); ++i) {
      shares[i] = weights[i] * static_cast<double>(y.size()) / total;
    }
  }
  LassoFit fit;
  fit.intercept = centre(y, shares);
  std::vector<double> means;
  for (auto& column : columns) means.push_back(centre(column, shares));
  if (!std::isfinite(dot(y, y))) {  // no answer to fit
    fit.coefficients.assign(columns.size(), std::nan(""));
    return fit;
  }
  fit.coefficients = CoordinateDescent(columns, y, alpha * static_cast<double>(y.size())).run();
  fit.intercept -= dot(fit.coefficients, means);
  return fit;
}

}  // namespace pellucid
