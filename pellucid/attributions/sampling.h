// SPDX-License-Identifier: Apache-2.0
// What methods share that draw at random: how many draws, when to stop, and how far off a mean is.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "pellucid/attributions/game.h"
#include "pellucid/attributions/method_options.h"

namespace pellucid {

/// How much a sampling method may ask.
struct Budget {
  std::optional<std::int64_t> samples{};      ///< draws
  std::optional<std::int64_t> evaluations{};  ///< model rows in all, both ends among them
  /// Stop when the largest standard error is at most this share of the largest score.
  std::optional<double> tolerance{};

  /// Throws UsageError. `least`: evaluations that the method cannot do without.
  void check(std::int64_t least) const;
  /// Draws when each needs up to `rows` coalitions beside the two ends: `usual` unless the budget
  /// says otherwise, 16 times as many to reach a tolerance, never so many that evaluations would be
  /// exceeded.
  std::int64_t draws(std::int64_t usual, std::int64_t rows) const;
  /// All 2^players coalitions are within the evaluations allowed, or, where nothing is said of
  /// them, within `usual`.
  bool allows_all(std::size_t players, std::int64_t usual) const;
};

/// Draws in rounds. more(begin, end) draws these and returns the solution from all draws so far.
/// Without a tolerance that is one round; else 64 draws, then 32 at a time until the errors are
/// small.
Solution in_rounds(const Budget& budget, std::int64_t draws,
                   const std::function<Solution(std::int64_t begin, std::int64_t end)>& more);

/// Mean and variance of what was added, one number at a time.  Welford 1962
class Spread {
 public:
  void add(double value) {
    const double off = value - mean_;
    mean_ += off / static_cast<double>(++count_);
    squares_ += off * (value - mean_);
  }
  std::int64_t count() const { return count_; }
  double mean() const { return mean_; }
  /// Unbiased; NaN with fewer than two numbers.
  double variance() const {
    return count_ < 2 ? std::numeric_limits<double>::quiet_NaN()
                      : squares_ / static_cast<double>(count_ - 1);
  }
  /// Standard error of the mean.
  double error() const { return std::sqrt(variance() / static_cast<double>(count_)); }

 private:
  std::int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

/// Options samples, evaluations and tolerance.
template <class M>
OptionTable<M>& budget_options(OptionTable<M>& table, Budget M::*budget,
                               const std::string& samples) {
  const auto whole = [&](const std::string& name, std::optional<std::int64_t> Budget::*member,
                         const std::string& summary) {
    table.option(
        name, "1 or more", summary,
        [=](M& method, const std::string& text) {
          method.*budget.*member = parse_whole(name, text, 1, std::int64_t{1} << 40, "1 or more");
        },
        [=](const M& method) -> std::optional<Parameter> {
          if (const auto& value = method.*budget.*member) return Parameter(*value);
          return std::nullopt;
        });
  };
  whole("samples", &Budget::samples, samples);
  whole("evaluations", &Budget::evaluations, "model runs at most, in all");
  return table.option(
      "tolerance", "0 to 1", "draw until the errors are within this share of the largest score",
      [=](M& method, const std::string& text) {
        (method.*budget).tolerance = parse_number("tolerance", text, 0, 1, "0 to 1");
      },
      [=](const M& method) -> std::optional<Parameter> {
        if (const auto& value = (method.*budget).tolerance) return Parameter(*value);
        return std::nullopt;
      });
}

}  // namespace pellucid
