// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/pool.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// dx: [K * rows, width]   dy: [K * sequences, width]
Tensor spread(const std::vector<std::int64_t>& offsets, const Tensor& dy) {
  const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  const std::int64_t count = dy.rows() / sequences, rows = offsets.back();
  Tensor dx = Tensor::uninitialized({count * rows, dy.width()});
  for (std::int64_t r = 0; r < dy.rows(); ++r) {
    const auto s = static_cast<std::size_t>(r % sequences);
    const float share = 1 / static_cast<float>(offsets[s + 1] - offsets[s]);
    float* first = dx.row(r / sequences * rows + offsets[s]);
    for (std::int64_t i = 0; i < dy.width(); ++i) first[i] = share * dy.row(r)[i];
    for (std::int64_t row = 1; row < offsets[s + 1] - offsets[s]; ++row) {
      std::copy_n(first, dy.width(), first + row * dy.width());
    }
  }
  return dx;
}

}  // namespace

Variable mean_rows(const Variable& x, std::span<const std::int64_t> offsets) {
  const bool fits =
      !offsets.empty() && offsets.front() == 0 && offsets.back() == x.rows() &&
      std::adjacent_find(offsets.begin(), offsets.end(), std::greater_equal<>()) == offsets.end();
  check(fits, "mean_rows: the offsets do not ascend from 0 to {}, the number of rows", x.rows());
  const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  Tensor y = Tensor::zeros({sequences, x.width()});
  for (std::int64_t s = 0; s < sequences; ++s) {
    const std::int64_t begin = offsets[std::size_t(s)], end = offsets[std::size_t(s) + 1];
    float* sum = y.row(s);
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t i = 0; i < x.width(); ++i) sum[i] += x.value.row(row)[i];
    }
    for (std::int64_t i = 0; i < x.width(); ++i) sum[i] /= static_cast<float>(end - begin);
  }
  if (!x.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&x},
                [offsets = std::vector(offsets.begin(), offsets.end())](const Tensor& dy,
                                                                        InputCotangents& inputs) {
                  if (offsets.size() > 1) inputs.add(0, spread(offsets, dy));
                });
}

}  // namespace pellucid
