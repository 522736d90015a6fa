// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/weighted_ridge.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace pellucid {

using Eigen::MatrixXd;
using Eigen::VectorXd;

struct WeightedRidge::Moments {
  MatrixXd z;        // [rows, players], centred
  VectorXd weights;  // [rows]
  MatrixXd squares;  // z' W z

  VectorXd centred(const std::vector<double>& y) const {
    VectorXd values = Eigen::Map<const VectorXd>(y.data(), std::ssize(y));
    return values.array() - values.dot(weights) / weights.sum();
  }

  /// Rows and columns of a matrix.
  MatrixXd chosen_squares(const std::vector<std::size_t>& chosen, double lambda) const {
    const auto size = std::ssize(chosen);
    MatrixXd part(size, size);
    for (Eigen::Index i = 0; i < size; ++i) {
      for (Eigen::Index j = 0; j < size; ++j) part(i, j) = squares(at(chosen, i), at(chosen, j));
    }
    part.diagonal().array() += lambda;
    return part;
  }

  static Eigen::Index at(const std::vector<std::size_t>& chosen, Eigen::Index i) {
    return static_cast<Eigen::Index>(chosen[static_cast<std::size_t>(i)]);
  }

  static VectorXd part_of(const VectorXd& all, const std::vector<std::size_t>& chosen) {
    VectorXd part(std::ssize(chosen));
    for (Eigen::Index i = 0; i < part.size(); ++i) part(i) = all(at(chosen, i));
    return part;
  }
};

namespace {

/// Without a penalty the squares may be singular: then the smallest solution.
VectorXd solve(const MatrixXd& squares, const VectorXd& products) {
  const Eigen::LLT<MatrixXd> factor(squares);
  if (factor.info() == Eigen::Success && factor.rcond() > 1e-13) return factor.solve(products);
  return squares.completeOrthogonalDecomposition().solve(products);
}

}  // namespace

WeightedRidge::WeightedRidge(const std::vector<Coalition>& coalitions,
                             const std::vector<double>& weights) {
  auto moments = std::make_unique<Moments>();
  const auto players = static_cast<Eigen::Index>(coalitions.front().size());
  moments->weights = Eigen::Map<const VectorXd>(weights.data(), std::ssize(weights));
  moments->z.resize(std::ssize(coalitions), players);
  for (Eigen::Index row = 0; row < moments->z.rows(); ++row) {
    for (Eigen::Index i = 0; i < players; ++i) {
      const Coalition& coalition = coalitions[static_cast<std::size_t>(row)];
      moments->z(row, i) = coalition[static_cast<std::size_t>(i)] ? 1 : 0;
    }
  }
  const VectorXd means = moments->z.transpose() * moments->weights / moments->weights.sum();
  moments->z.rowwise() -= means.transpose();
  moments->squares = moments->z.transpose() * moments->weights.asDiagonal() * moments->z;
  moments_ = std::move(moments);
}

WeightedRidge::~WeightedRidge() = default;

std::vector<std::size_t> WeightedRidge::select(const std::vector<double>& y, double lambda,
                                               std::size_t count) const {
  const auto players = static_cast<std::size_t>(moments_->z.cols());
  std::vector<std::size_t> rest(players);
  std::iota(rest.begin(), rest.end(), 0U);
  if (count == 0 || count >= players) return rest;
  const VectorXd products =
      moments_->z.transpose() * moments_->weights.cwiseProduct(moments_->centred(y));
  std::vector<std::size_t> chosen;
  while (chosen.size() < count) {
    std::size_t best = 0;
    double most = -1;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      std::vector<std::size_t> tried = chosen;
      tried.push_back(rest[i]);
      const VectorXd pulls = Moments::part_of(products, tried);
      const double explained = pulls.dot(solve(moments_->chosen_squares(tried, lambda), pulls));
      if (explained <= most) continue;
      most = explained;
      best = i;
    }
    chosen.push_back(rest[best]);
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(best));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::vector<double> WeightedRidge::fit(const std::vector<double>& y, double lambda,
                                       const std::vector<std::size_t>& chosen) const {
  const VectorXd products =
      moments_->z.transpose() * moments_->weights.cwiseProduct(moments_->centred(y));
  const VectorXd found =
      solve(moments_->chosen_squares(chosen, lambda), Moments::part_of(products, chosen));
  std::vector<double> coefficients(static_cast<std::size_t>(moments_->z.cols()));
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    coefficients[chosen[i]] = found(static_cast<Eigen::Index>(i));
  }
  return coefficients;
}

std::vector<double> WeightedRidge::errors(const std::vector<double>& y, double lambda,
                                          const std::vector<std::size_t>& chosen,
                                          const std::vector<double>& coefficients) const {
  const VectorXd rest =
      moments_->centred(y) -
      moments_->z * Eigen::Map<const VectorXd>(coefficients.data(), std::ssize(coefficients));
  const VectorXd pulls = moments_->weights.cwiseProduct(rest);
  MatrixXd columns(moments_->z.rows(), std::ssize(chosen));
  for (Eigen::Index i = 0; i < columns.cols(); ++i) {
    columns.col(i) = moments_->z.col(Moments::at(chosen, i));
  }
  const MatrixXd spread = columns.transpose() * pulls.cwiseAbs2().asDiagonal() * columns;
  const MatrixXd inverse =
      moments_->chosen_squares(chosen, lambda).completeOrthogonalDecomposition().pseudoInverse();
  const MatrixXd covariance = inverse * spread * inverse;
  std::vector<double> errors(coefficients.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto place = static_cast<Eigen::Index>(i);
    errors[chosen[i]] = std::sqrt(std::max(covariance(place, place), 0.0));
  }
  return errors;
}

double WeightedRidge::r_squared(const std::vector<double>& y,
                                const std::vector<double>& coefficients) const {
  const VectorXd off = moments_->centred(y);
  const VectorXd rest =
      off - moments_->z * Eigen::Map<const VectorXd>(coefficients.data(), std::ssize(coefficients));
  const double all = moments_->weights.dot(off.cwiseAbs2());
  return all <= 0 ? 1 : 1 - moments_->weights.dot(rest.cwiseAbs2()) / all;
}

}  // namespace pellucid
