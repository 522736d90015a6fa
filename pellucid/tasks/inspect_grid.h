// SPDX-License-Identifier: Apache-2.0
// Where the rows of a packed batch stand in a padded one, [batch, length], and back.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/tensor/tensor.h"

namespace pellucid {

class InspectGrid {
 public:
  explicit InspectGrid(std::int64_t length) : length_(length) {}

  /// The next packed row of the sequence that was begun last. What is not shown stays zero.
  void add(std::int64_t column, bool shown) {
    columns_.push_back(column);
    shown_.push_back(shown);
    ++offsets_.back();
  }
  void begin_sequence() { offsets_.push_back(offsets_.back()); }

  std::int64_t rows() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  std::int64_t length() const { return length_; }
  std::int64_t packed_rows() const { return offsets_.back(); }

  /// The packed row of a position; throws Error if it is masked.
  std::int64_t packed(std::int64_t row, std::int64_t position) const;

  /// values: [packed rows, stride], of which `width` numbers from `first` on are taken of each row
  /// -> [batch, length, width]
  Tensor unpacked(const float* values, std::int64_t stride, std::int64_t first,
                  std::int64_t width) const;
  Tensor unpacked(const Tensor& values) const {
    return unpacked(values.data(), values.width(), 0, values.width());
  }

  /// flat: for each sequence [heads, queries, keys] -> [batch, heads, length, length of the keys]
  Tensor unpacked_attentions(const Tensor& flat, std::int64_t heads, const InspectGrid& keys) const;

 private:
  std::int64_t begin(std::int64_t row) const { return offsets_[static_cast<std::size_t>(row)]; }
  std::int64_t column(std::int64_t packed_row) const {
    return columns_[static_cast<std::size_t>(packed_row)];
  }
  bool shown(std::int64_t packed_row) const { return shown_[static_cast<std::size_t>(packed_row)]; }

  std::int64_t length_;
  std::vector<std::int64_t> columns_;     // [packed rows]
  std::vector<bool> shown_;               // [packed rows]: not masked
  std::vector<std::int64_t> offsets_{0};  // [batch + 1]
};

}  // namespace pellucid
