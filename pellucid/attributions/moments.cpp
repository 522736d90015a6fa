// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/moments.h"

#include <algorithm>

namespace pellucid {

Moments::Moments(std::size_t groups, std::size_t size, bool squares) : groups_(groups) {
  for (Group& group : groups_) {
    group.sum.resize(size);
    if (squares) group.squares.resize(size);
  }
}

void Moments::add(std::size_t draw, std::span<const double> values) {
  Group& group = groups_[draw % groups_.size()];
  ++group.count;
  for (std::size_t i = 0; i < values.size(); ++i) group.sum[i] += values[i];
  for (std::size_t i = 0; i < group.squares.size(); ++i) group.squares[i] += values[i] * values[i];
}

std::int64_t Moments::count() const { return count(std::nullopt); }

std::int64_t Moments::count(std::optional<std::size_t> without) const {
  std::int64_t count = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (g != without) count += groups_[g].count;
  }
  return count;
}

std::vector<double> Moments::averaged(std::vector<double> Group::*sums,
                                      std::optional<std::size_t> without) const {
  std::vector<double> total((groups_.front().*sums).size());
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (g == without) continue;
    const std::vector<double>& part = groups_[g].*sums;
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += part[i];
  }
  const auto draws = static_cast<double>(count(without));
  for (double& value : total) value /= draws;
  return total;
}

std::vector<double> Moments::mean(std::optional<std::size_t> without) const {
  return averaged(&Group::sum, without);
}

std::vector<double> Moments::mean_square(std::optional<std::size_t> without) const {
  return averaged(&Group::squares, without);
}

std::vector<double> Moments::variance(bool biased, std::optional<std::size_t> without) const {
  std::vector<double> result = mean_square(without);
  const std::vector<double> means = mean(without);
  const auto draws = static_cast<double>(count(without));
  const double factor = biased ? 1 : draws / (draws - 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = std::max(0.0, result[i] - means[i] * means[i]) * factor;
  }
  return result;
}

}  // namespace pellucid
