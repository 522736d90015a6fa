// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/kernel_shap.h"

#include <Eigen/Dense>
#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::int64_t kEnumerated = 1024;  // as many coalitions are all played

OptionTable<KernelShap> options() {
  OptionTable<KernelShap> table;
  budget_options(table, &KernelShap::budget,
                 "coalitions besides all and none (all 2^units up to 1024, else 32 units, at least "
                 "512)");
  return table.replacement(&KernelShap::replacement);
}

/// Coalitions of this size.
double count_of_size(double players, double size) {
  double count = 1;
  for (double i = 1; i <= size; ++i) count *= (players - size + i) / i;
  return std::round(count);
}

std::vector<Coalition> all_of_size(std::size_t players, std::size_t size) {
  Coalition coalition(players, false);
  std::fill_n(coalition.begin(), size, true);
  std::vector<Coalition> coalitions;
  do coalitions.push_back(coalition);
  while (std::prev_permutation(coalition.begin(), coalition.end()));
  return coalitions;
}

/// [coalitions, players] of 0 and 1
MatrixXd rows_of(const std::vector<Coalition>& coalitions, std::size_t players) {
  MatrixXd rows(std::ssize(coalitions), static_cast<Eigen::Index>(players));
  for (Eigen::Index row = 0; row < rows.rows(); ++row) {
    for (Eigen::Index i = 0; i < rows.cols(); ++i) {
      rows(row, i) = coalitions[static_cast<std::size_t>(row)][static_cast<std::size_t>(i)] ? 1 : 0;
    }
  }
  return rows;
}

class KernelRegression {
 public:
  explicit KernelRegression(Game& game)
      : game_(game),
        players_(game.players()),
        exact_(*this),
        drawn_(*this),
        low_(1),
        high_(players_ - 1) {}

  /// Plays complete sizes; returns the rows that are left.
  std::int64_t play_complete_sizes(std::int64_t rows) {
    while (low_ <= high_) {
      const double outer = mass(low_) + (low_ == high_ ? 0 : mass(high_));
      const double count = count_of_size(real(players_), real(low_)) * (low_ == high_ ? 1 : 2);
      if (static_cast<double>(rows) * outer / mass_left() < count * (1 - 1e-12)) break;
      for (const std::size_t size : {low_, high_}) {
        const std::vector<Coalition> coalitions = all_of_size(players_, size);
        exact_.add(coalitions, mass(size) / static_cast<double>(coalitions.size()));
        if (low_ == high_) break;
      }
      rows -= static_cast<std::int64_t>(count);
      ++low_;
      --high_;
    }
    return rows;
  }

  bool is_complete() const { return low_ > high_; }

  void draw(std::int64_t begin, std::int64_t end) {
    std::vector<Coalition> coalitions;
    for (std::int64_t pair = begin; pair < end; ++pair) {
      Coalition coalition = drawn_coalition(static_cast<std::uint32_t>(pair));
      coalitions.push_back(coalition);
      coalition.flip();
      coalitions.push_back(std::move(coalition));
    }
    drawn_.add(coalitions, 1);
    pairs_.insert(pairs_.end(), coalitions.begin(), coalitions.end());
  }

  Solution solve() {
    Solution solution;
    const auto size = static_cast<Eigen::Index>(players_);
    const double share = pairs_.empty() ? 0 : mass_left() / static_cast<double>(pairs_.size());
    MatrixXd a = exact_.squares + share * drawn_.squares;
    const MatrixXd b = exact_.products + share * drawn_.products;
    Eigen::LDLT<MatrixXd> factor(a);
    if (factor.info() != Eigen::Success || factor.rcond() < 1e-12) {
      a.diagonal().array() += 1e-10 * std::max(a.trace() / static_cast<double>(size), 1e-300);
      factor.compute(a);
      solution.warnings.push_back(
          "kernel-shap: too few coalitions to tell all units apart: --evaluations allows more");
    }
    const VectorXd ones = VectorXd::Ones(size);
    const VectorXd a1 = factor.solve(ones);
    const MatrixXd projected =
        factor.solve(MatrixXd::Identity(size, size)) - a1 * a1.transpose() / ones.dot(a1);
    for (std::size_t t = 0; t < game_.targets(); ++t) {
      const double total = game_.all()[t] - game_.none()[t];
      const VectorXd free = factor.solve(b.col(static_cast<Eigen::Index>(t)));
      const VectorXd scores = free - a1 * ((ones.dot(free) - total) / ones.dot(a1));
      solution.scores.emplace_back(scores.begin(), scores.end());
      if (!is_complete()) solution.errors.push_back(errors(t, scores, projected));
    }
    return solution;
  }

 private:
  /// Sums over coalitions of weight z z' [players, players] and weight z (v(z) - v(0)) [players,
  /// targets].
  struct Moments {
    explicit Moments(KernelRegression& owner)
        : regression(owner),
          squares(MatrixXd::Zero(static_cast<Eigen::Index>(owner.players_),
                                 static_cast<Eigen::Index>(owner.players_))),
          products(
              MatrixXd::Zero(squares.rows(), static_cast<Eigen::Index>(owner.game_.targets()))) {}
    void add(const std::vector<Coalition>& coalitions, double weight) {
      if (coalitions.empty()) return;
      const MatrixXd z = rows_of(coalitions, regression.players_);
      squares += weight * z.transpose() * z;
      products += weight * z.transpose() * regression.gains(coalitions);
    }
    KernelRegression& regression;
    MatrixXd squares, products;
  };

  static double real(std::size_t number) { return static_cast<double>(number); }
  /// The kernel's weight of all coalitions of a size together.
  double mass(std::size_t size) const {
    return (real(players_) - 1) / (real(size) * (real(players_) - real(size)));
  }
  double mass_left() const {
    double sum = 0;
    for (std::size_t size = low_; size <= high_; ++size) sum += mass(size);
    return sum;
  }

  /// v(z) - v(0), [coalitions, targets]
  MatrixXd gains(const std::vector<Coalition>& coalitions) {
    const Values values = game_(coalitions);
    const std::vector<double>& none = game_.none();
    MatrixXd gains(std::ssize(values), static_cast<Eigen::Index>(none.size()));
    for (Eigen::Index row = 0; row < gains.rows(); ++row) {
      for (Eigen::Index t = 0; t < gains.cols(); ++t) {
        gains(row, t) = values[static_cast<std::size_t>(row)][static_cast<std::size_t>(t)] -
                        none[static_cast<std::size_t>(t)];
      }
    }
    return gains;
  }

  /// A size with the kernel's probability, then a set of that size.
  Coalition drawn_coalition(std::uint32_t pair) const {
    double rest = open_uniform(game_.draws(Stream::sizes, pair).word(0)) * mass_left();
    std::size_t size = low_;
    while (size < high_ && rest > mass(size)) rest -= mass(size++);
    const auto order =
        game_.draws(Stream::masks, pair).permutation(static_cast<std::uint32_t>(players_));
    Coalition coalition(players_, false);
    for (std::size_t i = 0; i < size; ++i) coalition[order[i]] = true;
    return coalition;
  }

  /// From the spread over pairs of the mean of z r(z), r: what the regression leaves unexplained.
  std::vector<double> errors(std::size_t t, const VectorXd& scores, const MatrixXd& projected) {
    const MatrixXd z = rows_of(pairs_, players_);
    const VectorXd rest = gains(pairs_).col(static_cast<Eigen::Index>(t)) - z * scores;
    const MatrixXd pulls = rest.asDiagonal() * z * projected * (mass_left() / 2);
    std::vector<Spread> spreads(players_);
    for (Eigen::Index row = 0; row < pulls.rows(); row += 2) {
      for (std::size_t i = 0; i < players_; ++i) {
        const auto column = static_cast<Eigen::Index>(i);
        spreads[i].add(pulls(row, column) + pulls(row + 1, column));
      }
    }
    std::vector<double> errors;
    for (const Spread& spread : spreads) errors.push_back(spread.error());
    return errors;
  }

  Game& game_;
  std::size_t players_;
  Moments exact_, drawn_;
  std::size_t low_, high_;  // sizes that are not played completely
  std::vector<Coalition> pairs_;
};

}  // namespace

Solution kernel_shap(Game& game, const Budget& budget) {
  const auto players = static_cast<std::int64_t>(game.players());
  if (players < 2) {
    Solution solution;
    for (std::size_t t = 0; t < game.targets(); ++t) {
      solution.scores.emplace_back(game.players(), game.all()[t] - game.none()[t]);
    }
    return solution;
  }
  const bool enumerates = !budget.samples && budget.allows_all(game.players(), kEnumerated);
  const std::int64_t usual = std::max<std::int64_t>(512, 32 * players) - 2;
  const std::int64_t rows = enumerates ? (std::int64_t{1} << players) - 2 : budget.draws(usual, 1);
  check_usage(rows >= 2, "kernel-shap: {} coalitions, expected 2 or more (4 evaluations)", rows);
  KernelRegression regression(game);
  const std::int64_t left = regression.play_complete_sizes(rows);
  if (regression.is_complete()) return regression.solve();
  return in_rounds(budget, left / 2, [&](std::int64_t begin, std::int64_t end) {
    regression.draw(begin, end);
    return regression.solve();
  });
}

Parameters KernelShap::parameters() const { return options().show(*this); }

MethodEntry KernelShap::entry() {
  return options().complete({.name = "kernel-shap",
                             .summary = "Shapley values by weighted regression on coalitions",
                             .source = "Lundberg, Lee 2017, arXiv 1705.07874; Covert, Lee 2021, "
                                       "arXiv 2012.01536",
                             .cost = "2^units up to 1024 forwards, else 32 units, at least 512",
                             .complete = true,
                             .perturbs = true});
}

Attribution KernelShap::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  return attribute(evaluator, game, kernel_shap(game, budget), true);
}

}  // namespace pellucid
