// SPDX-License-Identifier: Apache-2.0
// Products with a frozen matrix, by oneDNN. The matrix is packed once into the layout that the
// product kernel wants; kernels are generated once per shape, with row counts rounded up to few
// sizes. This is the one file pair that knows oneDNN and the differences between its versions 2
// and 3.
#pragma once

#include <cstdint>
#include <memory>

#include "pellucid/ops/instruction_set.h"
#include "pellucid/ops/precision.h"
#include "pellucid/tensor/tensor.h"

namespace pellucid {

class PackedMatrix {
 public:
  enum class Layout {
    row_major,     ///< element (k, n) at matrix[k * outputs + n]
    column_major,  ///< element (k, n) at matrix[n * inputs + k]: the [out, in] of a checkpoint, for
                   ///< x W^T
  };

  /// Packs the matrix [inputs, outputs]. precision: not automatic.
  PackedMatrix(const float* matrix, std::int64_t inputs, std::int64_t outputs, Layout layout,
               Precision precision = Precision::f32);

  std::int64_t inputs() const;
  std::int64_t outputs() const;

  /// y = x matrix + bias, or y += x matrix.  x: [rows, inputs]   y: [rows, outputs]   bias:
  /// [outputs] or null Rows behind the last one, up to rounded_rows(rows), may be read and
  /// overwritten where the storage reaches so far. A row's bits do not depend on the other rows,
  /// nor on the number of threads, if rows_are_independent().
  void multiply(const Tensor& x, Tensor& y, const float* bias) const;
  void multiply_add(const Tensor& x, Tensor& y) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// What the processor has for products of bf16 operands with f32 sums.
enum class Bf16Products {
  none,
  vectors,  ///< AVX512_BF16: about twice the rate of f32
  tiles,    ///< AMX: many times the rate of f32
};
Bf16Products bf16_products();

/// True where the kernels add in the same order whatever the number of rows (AVX-512). Elsewhere
/// oneDNN chooses the order by shape, and results agree to rounding only.
bool rows_are_independent();

/// The products' part of limit_instruction_set().
void limit_products(InstructionSet most);

/// Version of the library in use, "3.7.1".
const char* product_library_version();

}  // namespace pellucid
