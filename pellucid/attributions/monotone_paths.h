// SPDX-License-Identifier: Apache-2.0
// Paths from baselines to tokens by way of words, for discretised integrated gradients.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/evaluator/evaluator.h"

namespace pellucid {

struct AnchorSearch {
  std::int64_t points = 30;      ///< of a path, both ends included
  std::int64_t neighbours = 50;  ///< words looked at from each anchor
  bool most_coordinates = false;
  bool from_words = false;  ///< monotone as seen from the last anchor, not from the last point
};

/// `path`: the straight one. Points from the baseline to the input, [points] of [tokens, width];
/// template tokens stay where they are.
std::vector<Tensor> monotone_paths(const Evaluator& evaluator, const Path& path,
                                   const AnchorSearch& search);

}  // namespace pellucid
