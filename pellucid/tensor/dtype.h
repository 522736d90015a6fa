// SPDX-License-Identifier: Apache-2.0
// Number types in which files store tensors.
#pragma once

#include <cstddef>

namespace pellucid {

enum class DType { f32, f16, bf16, f64, i64, i32, i16, i8, u8, boolean };

/// Bytes of one number.
constexpr std::size_t size_of(DType type) {
  switch (type) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
  }
  return 0;
}

}  // namespace pellucid
