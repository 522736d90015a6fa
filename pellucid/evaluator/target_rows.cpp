// SPDX-License-Identifier: Apache-2.0
#include "pellucid/evaluator/target_rows.h"

#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {

std::vector<float> gather_target(const Target& target, const Sequence& input, const float* logits,
                                 std::int64_t outputs) {
  if (target.positions.empty()) return {logits, logits + outputs};
  std::vector<float> rows;
  for (const std::int64_t position : target.positions) {
    std::int64_t row = position;
    if (!input.reads.empty()) {
      const auto place = std::lower_bound(input.reads.begin(), input.reads.end(), position);
      pellucid::check(place != input.reads.end() && *place == position,
                      "position {} is not among those that are read", position);
      row = place - input.reads.begin();
    }
    rows.insert(rows.end(), logits + row * outputs, logits + (row + 1) * outputs);
  }
  return rows;
}

void scatter_gradient(const Target& target, const Sequence& input, const std::vector<float>& rows,
                      std::int64_t outputs, float* cotangent) {
  if (target.positions.empty()) {
    std::copy(rows.begin(), rows.end(), cotangent);
    return;
  }
  for (std::size_t i = 0; i < target.positions.size(); ++i) {
    std::int64_t row = target.positions[i];
    if (!input.reads.empty()) {
      row = std::lower_bound(input.reads.begin(), input.reads.end(), row) - input.reads.begin();
    }
    const float* from = rows.data() + static_cast<std::int64_t>(i) * outputs;
    for (std::int64_t c = 0; c < outputs; ++c) cotangent[row * outputs + c] += from[c];
  }
}

}  // namespace pellucid
