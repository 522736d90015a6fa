// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/side_by_side.h"

#include <algorithm>
#include <utility>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// Columns [first, first + width) of all rows.
Tensor columns_of(const Tensor& whole, std::int64_t first, std::int64_t width) {
  Tensor part = Tensor::uninitialized({whole.rows(), width});
  for (std::int64_t r = 0; r < whole.rows(); ++r) {
    std::copy_n(whole.row(r) + first, width, part.row(r));
  }
  return part;
}

}  // namespace

Variable side_by_side(const Variable& a, const Variable& b) {
  check(a.rows() == b.rows(), "side_by_side: {} and {}, expected as many rows",
        a.value.shape().text(), b.value.shape().text());
  const std::int64_t n = a.width(), m = b.width();
  Tensor y = Tensor::uninitialized({a.rows(), n + m});
  for (std::int64_t r = 0; r < y.rows(); ++r) {
    std::copy_n(a.value.row(r), n, y.row(r));
    std::copy_n(b.value.row(r), m, y.row(r) + n);
  }
  if (!any_tracked({&a, &b})) return Variable(std::move(y));
  return record(std::move(y), {&a, &b}, [n, m](const Tensor& dy, InputCotangents& inputs) {
    if (inputs.wanted(0)) inputs.add(0, columns_of(dy, 0, n));
    if (inputs.wanted(1)) inputs.add(1, columns_of(dy, n, m));
  });
}

}  // namespace pellucid
