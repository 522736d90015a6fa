// SPDX-License-Identifier: Apache-2.0
// y = x W^T + b.  x: [rows, in]   W: [out, in]   b: [out] or none   y: [rows, out]
// Saves nothing. VJP: x^ = y^ W, one product for all K cotangents, added in place where x has
// received one already. Both in current_precision(), but maps with few inputs or outputs (heads)
// in f32: they cost little, and their answers are what is explained.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "pellucid/autodiff/tape.h"
#include "pellucid/ops/product.h"
#include "pellucid/tensor/dtype.h"

namespace pellucid {

/// A matrix [out, in] where a file holds it, row after row, or transposed as [in, out].
struct MatrixSource {
  const void* data = nullptr;
  DType dtype = DType::f32;  ///< f32, f16, bf16 or f64
  std::int64_t outputs = 0;
  std::int64_t inputs = 0;
  std::shared_ptr<const void> owner;  ///< keeps the data alive
  std::int64_t transposed = 0;        ///< if > 0: stored as [in, this many columns]

  /// Outputs [begin, begin + count).
  MatrixSource slice(std::int64_t begin, std::int64_t count) const;
};

/// Frozen weights of a linear map, several matrices of equal input width stacked into one product
/// (query, key, value). They are packed for the forward and for the VJP when first used in a
/// precision. Immutable from outside; safe to share.
class LinearWeights {
 public:
  /// bias: one value for each output, or empty.
  LinearWeights(std::vector<MatrixSource> stacked, std::vector<float> bias);

  std::int64_t inputs() const { return inputs_; }
  std::int64_t outputs() const { return outputs_; }
  const float* bias() const { return bias_.empty() ? nullptr : bias_.data(); }

  /// x W^T.  precision: effective
  const PackedMatrix& forward(Precision precision) const;
  /// y^ W
  const PackedMatrix& vjp(Precision precision) const;

 private:
  /// One packed form, made by whoever needs it first.
  struct Packed {
    std::once_flag once;
    std::unique_ptr<PackedMatrix> matrix;
  };
  using PackedForms = std::array<Packed, 3>;  ///< f32, bf16x3, bf16

  const PackedMatrix& packed(PackedForms& forms, Precision precision, PackedMatrix::Layout layout,
                             std::int64_t inputs, std::int64_t outputs) const;
  PackedMatrix pack(PackedMatrix::Layout layout, std::int64_t inputs, std::int64_t outputs,
                    Precision precision) const;

  std::vector<MatrixSource> stacked_;
  std::vector<float> bias_;
  std::int64_t inputs_ = 0;
  std::int64_t outputs_ = 0;
  mutable PackedForms forward_;
  mutable PackedForms vjp_;
};

/// The weights must outlive the tape that x is on.
Variable linear(const Variable& x, const LinearWeights& weights);

}  // namespace pellucid
