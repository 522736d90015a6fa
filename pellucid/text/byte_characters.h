// SPDX-License-Identifier: Apache-2.0
// The characters that byte-level tokenizers write for bytes: printable Latin-1 characters stand for
// themselves, the other 68 bytes for U+0100 onwards (a space is U+0120). Radford et al. 2019,
// encoder.py of GPT-2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace pellucid {

/// [byte]
extern const std::array<char32_t, 256> kByteCharacters;
/// The byte that the character stands for.
std::optional<std::uint8_t> byte_of_character(char32_t character);
inline constexpr char32_t kByteSpace = 0x120;

/// UTF-8 of a character: bytes and their number.
struct Utf8 {
  std::array<std::uint8_t, 4> bytes;
  std::size_t size;
};
Utf8 utf8_of(char32_t character);

}  // namespace pellucid
