// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/inspect_grid.h"

#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {

std::int64_t InspectGrid::packed(std::int64_t row, std::int64_t position) const {
  const auto first = columns_.begin() + begin(row), end = columns_.begin() + begin(row + 1);
  const auto found = std::lower_bound(first, end, position);
  check(found != end && *found == position && shown(found - columns_.begin()),
        "position {} of row {} is masked", position, row);
  return found - columns_.begin();
}

Tensor InspectGrid::unpacked(const float* values, std::int64_t stride, std::int64_t first,
                             std::int64_t width) const {
  Tensor result = Tensor::zeros({rows(), length_, width});
  for (std::int64_t row = 0; row < rows(); ++row) {
    for (std::int64_t token = begin(row); token < begin(row + 1); ++token) {
      if (!shown(token)) continue;
      std::copy_n(values + token * stride + first, width,
                  result.row(row * length_ + column(token)));
    }
  }
  return result;
}

Tensor InspectGrid::unpacked_attentions(const Tensor& flat, std::int64_t heads,
                                        const InspectGrid& keys) const {
  Tensor result = Tensor::zeros({rows(), heads, length_, keys.length_});
  const float* source = flat.data();
  for (std::int64_t row = 0; row < rows(); ++row) {
    for (std::int64_t head = 0; head < heads; ++head) {
      for (std::int64_t query = begin(row); query < begin(row + 1); ++query) {
        float* target = result.row((row * heads + head) * length_ + column(query));
        for (std::int64_t key = keys.begin(row); key < keys.begin(row + 1); ++key, ++source) {
          if (shown(query)) target[keys.column(key)] = *source;
        }
      }
    }
  }
  return result;
}

}  // namespace pellucid
