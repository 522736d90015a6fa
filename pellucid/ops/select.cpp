// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/select.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// dx[k, rows[i]] += dy[k, i] for each of the K cotangents.
/// dx: [K * all, width]   dy: [K * rows.size(), width]
void scatter_add(const std::vector<std::int64_t>& rows, std::int64_t all, const Tensor& dy,
                 Tensor& dx) {
  const auto chosen = static_cast<std::int64_t>(rows.size());
  for (std::int64_t r = 0; r < dy.rows(); ++r) {
    const std::int64_t to = r / chosen * all + rows[static_cast<std::size_t>(r % chosen)];
    const float* from = dy.row(r);
    float* sum = dx.row(to);
    for (std::int64_t i = 0; i < dy.width(); ++i) sum[i] += from[i];
  }
}

}  // namespace

Variable select_rows(const Variable& x, std::span<const std::int64_t> rows) {
  const auto chosen = static_cast<std::int64_t>(rows.size());
  for (const std::int64_t row : rows) {
    check(0 <= row && row < x.rows(), "select_rows: row {} of a tensor of shape {}", row,
          x.value.shape().text());
  }
  Tensor y = Tensor::uninitialized({chosen, x.width()});
  for (std::int64_t i = 0; i < chosen; ++i) {
    std::copy_n(x.value.row(rows[static_cast<std::size_t>(i)]), x.width(), y.row(i));
  }
  if (!x.tracked()) return Variable(std::move(y));
  const auto vjp = [rows = std::vector(rows.begin(), rows.end()), all = x.rows()](
                       const Tensor& dy, InputCotangents& inputs) {
    if (rows.empty()) return;
    if (Tensor* sum = inputs.accumulator(0)) return scatter_add(rows, all, dy, *sum);
    const std::int64_t count = dy.rows() / static_cast<std::int64_t>(rows.size());
    Tensor dx = Tensor::zeros({count * all, dy.width()});
    scatter_add(rows, all, dy, dx);
    inputs.add(0, std::move(dx));
  };
  return record(std::move(y), {&x}, vjp);
}

}  // namespace pellucid
