// SPDX-License-Identifier: Apache-2.0
// Types of stored elements, named as the safetensors format names them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pellucid {

enum class DType : std::uint8_t { f32, f16, bf16, f64, i64, i32, i16, i8, u8, boolean };

/// Ordered as the enumeration.
inline constexpr std::array<DType, 10> kAllDTypes = {
    DType::f32, DType::f16, DType::bf16, DType::f64, DType::i64,
    DType::i32, DType::i16, DType::i8,   DType::u8,  DType::boolean};

/// "F32", "BF16", "I64", "BOOL" ...
constexpr std::string_view name(DType dtype) {
  constexpr std::array<std::string_view, 10> names = {"F32", "F16", "BF16", "F64", "I64",
                                                      "I32", "I16", "I8",   "U8",  "BOOL"};
  return names[static_cast<std::size_t>(dtype)];
}

/// Bytes of one element.
constexpr std::size_t size(DType dtype) {
  constexpr std::array<std::size_t, 10> sizes = {4, 2, 2, 8, 8, 4, 2, 1, 1, 1};
  return sizes[static_cast<std::size_t>(dtype)];
}

constexpr bool is_floating(DType dtype) { return dtype <= DType::f64; }

/// The inverse of name(); nullopt for a name that is not listed here.
constexpr std::optional<DType> parse_dtype(std::string_view text) {
  for (const DType dtype : kAllDTypes) {
    if (name(dtype) == text) return dtype;
  }
  return std::nullopt;
}

}  // namespace pellucid
