// SPDX-License-Identifier: Apache-2.0
// Tensor: contiguous rows of f32 numbers with shared storage. The last dimension is the width of a
// row, all others together count the rows; ops state which shapes they take, nothing is broadcast
// silently.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

namespace pellucid {

/// Up to four dimensions.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dimensions);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return dimensions_[static_cast<std::size_t>(axis)]; }
  std::int64_t size() const;   ///< product of all dimensions; 1 for rank 0
  std::int64_t width() const;  ///< last dimension; 1 for rank 0
  std::int64_t rows() const;   ///< product of all but the last
  std::string text() const;    ///< "[3, 4]"
  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<std::int64_t, 4> dimensions_{};
  int rank_ = 0;
};

class Tensor {
 public:
  Tensor() = default;  ///< no storage; defined() is false

  /// Contents undefined. Storage comes from the calling thread's arena: blocks of like size are
  /// handed out again, so activations of successive micro-batches live in the same, cached memory.
  static Tensor uninitialized(const Shape& shape);
  static Tensor zeros(const Shape& shape);
  static Tensor from(std::span<const float> values, const Shape& shape);
  /// Rows of memory that `owner` keeps alive (a mapped file); read only.
  static Tensor borrowed(std::shared_ptr<const void> owner, const float* data, const Shape& shape);

  bool defined() const { return data_ != nullptr; }
  const Shape& shape() const { return shape_; }
  std::int64_t size() const { return shape_.size(); }
  std::int64_t rows() const { return shape_.rows(); }
  std::int64_t width() const { return shape_.width(); }
  float* data() { return data_; }
  const float* data() const { return data_; }
  float* row(std::int64_t index) { return data_ + index * width(); }
  const float* row(std::int64_t index) const { return data_ + index * width(); }
  std::span<const float> values() const { return {data_, static_cast<std::size_t>(size())}; }

  /// Same storage, other shape of equal size.
  Tensor reshaped(const Shape& shape) const;
  /// Same storage, rows [begin, end), shape [end - begin, width].
  Tensor row_slice(std::int64_t begin, std::int64_t end) const;
  Tensor clone() const;

  /// True when no other tensor shares the storage, so that it may be overwritten.
  bool unique() const { return storage_.use_count() == 1; }
  /// Floats from data() to the end of the storage: >= size(). Products round row counts up and may
  /// write there.
  std::int64_t capacity() const { return capacity_; }

 private:
  std::shared_ptr<const void> storage_;
  float* data_ = nullptr;
  std::int64_t capacity_ = 0;
  Shape shape_;
};

/// Row counts of products are rounded up to one of few sizes, so that few kernels are generated:
/// tensors leave room.
std::int64_t rounded_rows(std::int64_t rows);

}  // namespace pellucid
