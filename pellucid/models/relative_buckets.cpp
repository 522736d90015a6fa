// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/relative_buckets.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace pellucid {

std::int64_t relative_bucket(std::int64_t distance, std::int64_t buckets, std::int64_t farthest,
                             bool past_only) {
  const std::int64_t half = past_only ? buckets : buckets / 2, exact = half / 2;
  const std::int64_t sign = distance > 0 && !past_only ? half : 0;
  const std::int64_t size = past_only ? std::max<std::int64_t>(-distance, 0) : std::abs(distance);
  if (size < exact) return sign + size;
  // In single precision and in this order, as the tables were trained: it matters at the borders.
  const float ratio =
      std::log(static_cast<float>(size) / static_cast<float>(exact)) /
      static_cast<float>(std::log(static_cast<double>(farthest) / static_cast<double>(exact)));
  const auto place = exact + static_cast<std::int64_t>(ratio * static_cast<float>(half - exact));
  return sign + std::min(place, half - 1);
}

AttentionBias bucketed_bias(const Tensor& table, std::int64_t positions, std::int64_t farthest,
                            bool past_only) {
  const std::int64_t heads = table.width();
  AttentionBias bias{Tensor::uninitialized({heads, 2 * positions - 1}), positions - 1, true};
  for (std::int64_t distance = 1 - positions; distance < positions; ++distance) {
    const float* row = table.row(relative_bucket(distance, table.rows(), farthest, past_only));
    for (std::int64_t head = 0; head < heads; ++head) {
      bias.table.row(head)[positions - 1 + distance] = row[head];
    }
  }
  return bias;
}

}  // namespace pellucid
