// SPDX-License-Identifier: Apache-2.0
// First and second moments of the vectors of draws, [targets, tokens, width], with what they would
// be without a part of the draws.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pellucid {

class Moments {
 public:
  /// Draw s falls into group s mod groups.
  Moments(std::size_t groups, std::size_t size, bool squares);
  void add(std::size_t draw, std::span<const double> values);

  std::size_t groups() const { return groups_.size(); }
  std::int64_t count() const;
  /// Of all draws, or of those outside one group.
  std::vector<double> mean(std::optional<std::size_t> without = {}) const;
  std::vector<double> mean_square(std::optional<std::size_t> without = {}) const;
  std::vector<double> variance(bool biased, std::optional<std::size_t> without = {}) const;

 private:
  struct Group {
    std::int64_t count = 0;
    std::vector<double> sum, squares;
  };
  std::vector<double> averaged(std::vector<double> Group::*sums,
                               std::optional<std::size_t> without) const;
  std::int64_t count(std::optional<std::size_t> without) const;

  std::vector<Group> groups_;
};

}  // namespace pellucid
