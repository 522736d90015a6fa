// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tensor/tensor.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "pellucid/base/error.h"
#include "pellucid/tensor/arena.h"

namespace pellucid {

Shape::Shape(std::initializer_list<std::int64_t> dimensions) {
  check(dimensions.size() <= dimensions_.size(), "a shape has {} dimensions, expected at most {}",
        dimensions.size(), dimensions_.size());
  for (const std::int64_t dimension : dimensions) {
    dimensions_[static_cast<std::size_t>(rank_++)] = dimension;
  }
}

std::int64_t Shape::size() const {
  std::int64_t product = 1;
  for (int axis = 0; axis < rank_; ++axis) product *= (*this)[axis];
  return product;
}

std::int64_t Shape::width() const { return rank_ == 0 ? 1 : (*this)[rank_ - 1]; }

std::int64_t Shape::rows() const {
  std::int64_t product = 1;
  for (int axis = 0; axis + 1 < rank_; ++axis) product *= (*this)[axis];
  return product;
}

std::string Shape::text() const {
  return fmt::format("[{}]", fmt::join(dimensions_.begin(), dimensions_.begin() + rank_, ", "));
}

std::int64_t rounded_rows(std::int64_t rows) {
  if (rows == 1)
    return 2;  // oneDNN 3 sums a single row in another order than the same row among others
  if (rows <= 4) return rows;
  const std::int64_t step = rows <= 256 ? 8 : 64;
  return (rows + step - 1) / step * step;
}

Tensor Tensor::uninitialized(const Shape& shape) {
  Tensor tensor;
  tensor.shape_ = shape;
  tensor.capacity_ = std::max<std::int64_t>(1, rounded_rows(shape.rows()) * shape.width());
  auto block = arena_block(static_cast<std::size_t>(tensor.capacity_) * sizeof(float));
  tensor.data_ = static_cast<float*>(block.get());
  tensor.storage_ = std::move(block);
  return tensor;
}

Tensor Tensor::zeros(const Shape& shape) {
  Tensor tensor = uninitialized(shape);
  std::fill_n(tensor.data_, tensor.size(), 0.0F);
  return tensor;
}

Tensor Tensor::from(std::span<const float> values, const Shape& shape) {
  check(static_cast<std::int64_t>(values.size()) == shape.size(),
        "{} values do not fill a tensor of shape {}", values.size(), shape.text());
  Tensor tensor = uninitialized(shape);
  std::copy(values.begin(), values.end(), tensor.data_);
  return tensor;
}

Tensor Tensor::borrowed(std::shared_ptr<const void> owner, const float* data, const Shape& shape) {
  Tensor tensor;
  tensor.shape_ = shape;
  tensor.storage_ = std::move(owner);
  tensor.data_ = const_cast<float*>(data);  // never written: unique() is false while the file lives
  tensor.capacity_ = shape.size();
  return tensor;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  check(shape.size() == size(), "a tensor of shape {} cannot take shape {}", shape_.text(),
        shape.text());
  Tensor view = *this;
  view.shape_ = shape;
  return view;
}

Tensor Tensor::row_slice(std::int64_t begin, std::int64_t end) const {
  check(0 <= begin && begin <= end && end <= rows(), "rows {} to {} of a tensor of shape {}", begin,
        end, shape_.text());
  Tensor view = *this;
  view.shape_ = {end - begin, width()};
  view.data_ = data_ + begin * width();
  // Rows behind the slice belong to others unless the slice reaches the end.
  view.capacity_ = end == rows() ? capacity_ - begin * width() : view.size();
  return view;
}

Tensor Tensor::clone() const { return from(values(), shape_); }

}  // namespace pellucid
