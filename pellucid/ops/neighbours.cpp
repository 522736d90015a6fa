// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/neighbours.h"

#include <algorithm>
#include <utility>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::int64_t kNone = -1;

/// n(i, t) at [i * shifts + t]
std::vector<std::int64_t> find_neighbours(std::span<const std::int64_t> offsets,
                                          std::span<const std::int32_t> columns,
                                          const std::vector<std::int32_t>& shifts) {
  std::vector<std::int64_t> rows;
  rows.reserve(columns.size() * shifts.size());
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const auto begin = columns.begin() + offsets[s], end = columns.begin() + offsets[s + 1];
    for (auto own = begin; own != end; ++own) {
      for (const std::int32_t shift : shifts) {
        const auto found = std::lower_bound(begin, end, *own + shift);
        const bool is_there = found != end && *found == *own + shift;
        rows.push_back(is_there ? found - columns.begin() : kNone);
      }
    }
  }
  return rows;
}

}  // namespace

Variable neighbours(const Variable& x, std::span<const std::int64_t> offsets,
                    std::span<const std::int32_t> columns,
                    const std::vector<std::int32_t>& shifts) {
  check(!offsets.empty() && offsets.back() == x.rows() &&
            static_cast<std::int64_t>(columns.size()) == x.rows(),
        "neighbours: {} columns and offsets up to {}, expected {} rows", columns.size(),
        offsets.empty() ? 0 : offsets.back(), x.rows());
  const std::int64_t width = x.width(), all = x.rows();
  const auto count = static_cast<std::int64_t>(shifts.size());
  auto rows = find_neighbours(offsets, columns, shifts);
  Tensor y = Tensor::uninitialized({all, count * width});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    float* to = y.data() + static_cast<std::int64_t>(i) * width;
    if (rows[i] == kNone) {
      std::fill_n(to, width, 0.0F);
    } else {
      std::copy_n(x.value.row(rows[i]), width, to);
    }
  }
  if (!x.tracked()) return Variable(std::move(y));
  const auto vjp = [rows = std::move(rows), width, all](const Tensor& dy, InputCotangents& inputs) {
    const std::int64_t cotangents = all == 0 ? 0 : dy.rows() / all;
    Tensor dx = Tensor::zeros({cotangents * all, width});
    for (std::int64_t k = 0; k < cotangents; ++k) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] == kNone) continue;
        const float* from = dy.row(k * all) + static_cast<std::int64_t>(i) * width;
        float* sum = dx.row(k * all + rows[i]);
        for (std::int64_t w = 0; w < width; ++w) sum[w] += from[w];
      }
    }
    inputs.add(0, std::move(dx));
  };
  return record(std::move(y), {&x}, vjp);
}

}  // namespace pellucid
