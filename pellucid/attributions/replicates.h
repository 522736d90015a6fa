// SPDX-License-Identifier: Apache-2.0
// Standard errors of sampled scores, from what the scores would have been with other draws. They
// go through the same sums over tokens as the scores themselves.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/attributions/reduction.h"

namespace pellucid {

/// The variance of a score is `factor` times the sum of the squared deviations from it.
///   neighbouring strata: factor draws / replicates       delete-a-group jackknife with G groups:
///   (G - 1) / G
struct Replicates {
  std::vector<std::vector<std::vector<double>>> token_scores{};  ///< [replicates][targets][tokens]
  double factor = 1;

  bool empty() const { return token_scores.empty(); }
};

/// Of the scores of units, [units], for target `target`.
std::vector<double> standard_errors(const Replicates& replicates, std::size_t target, Aggregate how,
                                    const Units& units, const std::vector<double>& scores);

/// For all targets: the largest standard error of a unit's sum is at most this share of the largest
/// score.
bool settled(const Replicates& replicates, const std::vector<std::vector<double>>& token_scores,
             const Units& units, double tolerance);

}  // namespace pellucid
