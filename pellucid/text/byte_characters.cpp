// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/byte_characters.h"

namespace pellucid {
namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
}

constexpr std::array<char32_t, 256> make_characters() {
  std::array<char32_t, 256> characters{};
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    characters[byte] = stands_for_itself(byte) ? byte : next++;
  }
  return characters;
}

constexpr char32_t kEnd = 0x100 + 68;

constexpr std::array<std::int16_t, kEnd> make_bytes() {
  std::array<std::int16_t, kEnd> bytes{};
  for (std::int16_t& byte : bytes) byte = -1;
  const auto characters = make_characters();
  for (std::int16_t byte = 0; byte < 256; ++byte) {
    bytes[characters[static_cast<std::size_t>(byte)]] = byte;
  }
  return bytes;
}

constexpr auto kBytes = make_bytes();

}  // namespace

const std::array<char32_t, 256> kByteCharacters = make_characters();

std::optional<std::uint8_t> byte_of_character(char32_t character) {
  if (character >= kEnd || kBytes[character] < 0) return std::nullopt;
  return static_cast<std::uint8_t>(kBytes[character]);
}

Utf8 utf8_of(char32_t character) {
  const auto low = [character](unsigned shift) {
    return static_cast<std::uint8_t>(0x80 | ((character >> shift) & 0x3F));
  };
  const auto lead = [character](unsigned mark, unsigned shift) {
    return static_cast<std::uint8_t>(mark | (character >> shift));
  };
  if (character < 0x80) return {{lead(0, 0), 0, 0, 0}, 1};
  if (character < 0x800) return {{lead(0xC0, 6), low(0), 0, 0}, 2};
  if (character < 0x10000) return {{lead(0xE0, 12), low(6), low(0), 0}, 3};
  return {{lead(0xF0, 18), low(12), low(6), low(0)}, 4};
}

}  // namespace pellucid
