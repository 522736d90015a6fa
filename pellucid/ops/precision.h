// SPDX-License-Identifier: Apache-2.0
// Precision of products with frozen weights. Sums, norms, softmax and attention are f32 always.
#pragma once

#include <string_view>

namespace pellucid {

enum class Precision {
  automatic,  ///< bf16x3 where the processor multiplies bf16 tiles (AMX), else f32
  f32,
  /// Each operand as the sum of two bf16 numbers, three products, f32 sums: about 16 bits of
  /// mantissa (Henry, Tang, Heinecke 2019, arXiv 1904.06376).
  bf16x3,
  bf16,  ///< operands rounded to bf16, f32 sums; weights take half the memory
};

std::string_view name(Precision precision);
/// Throws UsageError naming the option's values.
Precision parse_precision(std::string_view name);

/// What `wanted` means on this processor: never automatic. The environment variable
/// PELLUCID_PRECISION says what automatic is. Throws UsageError where the processor has no bf16
/// products.
Precision effective_precision(Precision wanted);

/// While it lives, products that the calling thread begins, and their VJPs, have this precision.
/// `precision` must be effective. Without any scope it is f32.
class PrecisionScope {
 public:
  explicit PrecisionScope(Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  Precision before_;
};

Precision current_precision();

}  // namespace pellucid
