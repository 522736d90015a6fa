// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/linear.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/tensor/convert.h"

namespace pellucid {
namespace {

constexpr std::int64_t kNarrow = 64;

/// rows: [out, in]
void read_rows(const MatrixSource& source, float* rows) {
  if (source.transposed == 0) {
    convert_to_f32(source.dtype, source.data, source.outputs * source.inputs, rows);
    return;
  }
  std::vector<float> column(static_cast<std::size_t>(source.outputs));
  const auto* data = static_cast<const std::byte*>(source.data);
  const auto step = static_cast<std::size_t>(source.transposed) * size(source.dtype);
  for (std::int64_t i = 0; i < source.inputs; ++i, data += step) {
    convert_to_f32(source.dtype, data, source.outputs, column.data());
    for (std::int64_t o = 0; o < source.outputs; ++o) {
      rows[o * source.inputs + i] = column[static_cast<std::size_t>(o)];
    }
  }
}

}  // namespace

MatrixSource MatrixSource::slice(std::int64_t begin, std::int64_t count) const {
  MatrixSource part = *this;
  const std::int64_t step = transposed > 0 ? begin : begin * inputs;
  part.data = static_cast<const std::byte*>(data) + static_cast<std::size_t>(step) * size(dtype);
  part.outputs = count;
  return part;
}

LinearWeights::LinearWeights(std::vector<MatrixSource> stacked, std::vector<float> bias)
    : stacked_(std::move(stacked)), bias_(std::move(bias)), inputs_(stacked_.front().inputs) {
  for (const MatrixSource& source : stacked_) {
    check(source.inputs == inputs_, "linear: stacked matrices have input widths {} and {}", inputs_,
          source.inputs);
    outputs_ += source.outputs;
  }
  check(bias_.empty() || static_cast<std::int64_t>(bias_.size()) == outputs_,
        "linear: bias has {} values, expected {}", bias_.size(), outputs_);
}

PackedMatrix LinearWeights::pack(PackedMatrix::Layout layout, std::int64_t inputs,
                                 std::int64_t outputs, Precision precision) const {
  const MatrixSource& first = stacked_.front();
  const bool aligned = reinterpret_cast<std::uintptr_t>(first.data) % alignof(float) == 0;
  if (stacked_.size() == 1 && first.dtype == DType::f32 && aligned && first.transposed == 0) {
    return {static_cast<const float*>(first.data), inputs, outputs, layout, precision};
  }
  Tensor whole = Tensor::uninitialized({outputs_, inputs_});
  std::int64_t row = 0;
  for (const MatrixSource& source : stacked_) {
    read_rows(source, whole.row(row));
    row += source.outputs;
  }
  return {whole.data(), inputs, outputs, layout, precision};
}

const PackedMatrix& LinearWeights::packed(PackedForms& forms, Precision precision,
                                          PackedMatrix::Layout layout, std::int64_t inputs,
                                          std::int64_t outputs) const {
  const Precision used = std::min(inputs_, outputs_) <= kNarrow ? Precision::f32 : precision;
  const std::size_t place = used == Precision::f32 ? 0 : used == Precision::bf16x3 ? 1 : 2;
  Packed& form = forms[place];
  std::call_once(form.once, [&] {
    form.matrix = std::make_unique<PackedMatrix>(pack(layout, inputs, outputs, used));
    // The file's pages need not stay in memory beside the packed form.
    for (const MatrixSource& source : stacked_) {
      const auto count = static_cast<std::size_t>(source.outputs * source.inputs);
      MappedFile::set_aside(source.data, count * size(source.dtype));
    }
  });
  return *form.matrix;
}

const PackedMatrix& LinearWeights::forward(Precision precision) const {
  return packed(forward_, precision, PackedMatrix::Layout::column_major, inputs_, outputs_);
}

const PackedMatrix& LinearWeights::vjp(Precision precision) const {
  return packed(vjp_, precision, PackedMatrix::Layout::row_major, outputs_, inputs_);
}

Variable linear(const Variable& x, const LinearWeights& weights) {
  check(x.width() == weights.inputs(), "linear: x has width {}, expected {}", x.width(),
        weights.inputs());
  const Precision precision = current_precision();
  Tensor y = Tensor::uninitialized({x.rows(), weights.outputs()});
  weights.forward(precision).multiply(x.value, y, weights.bias());
  if (!x.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&x},
                [&weights, precision](const Tensor& cotangent, InputCotangents& inputs) {
                  const PackedMatrix& matrix = weights.vjp(precision);
                  if (Tensor* sum = inputs.accumulator(0))
                    return matrix.multiply_add(cotangent, *sum);
                  Tensor x_cotangent = Tensor::uninitialized({cotangent.rows(), weights.inputs()});
                  matrix.multiply(cotangent, x_cotangent, nullptr);
                  inputs.add(0, std::move(x_cotangent));
                });
}

}  // namespace pellucid
