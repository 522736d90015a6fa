// SPDX-License-Identifier: Apache-2.0
// UTF-8 and code points. Everything inside text/ works on code points ("characters"): spans count
// them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

/// Strict: throws Error naming `what` and the byte position for anything that is not valid UTF-8
/// (surrogates, overlong forms and truncated sequences too). NUL is a character like any other.
std::u32string decode_utf8(std::string_view bytes, std::string_view what = "text");

bool is_utf8(std::string_view bytes);
/// Every part that is not UTF-8, as long as it could begin a character, becomes one U+FFFD.
std::string repair_utf8(std::string_view bytes);

/// Characters must be Unicode scalar values.
std::string encode_utf8(std::u32string_view characters);
void append_utf8(std::string& bytes, char32_t character);
/// Bytes of the character.
constexpr std::uint32_t utf8_size(char32_t character) {
  return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

/// Number of characters of valid UTF-8.
std::int64_t count_characters(std::string_view text);

/// Byte and character positions of one valid UTF-8 text, either way in constant time (one stored
/// position per block). Keeps a view of the text.
class CharacterIndex {
 public:
  explicit CharacterIndex(std::string_view text);

  std::int64_t size() const { return characters_; }  ///< in characters
  std::size_t byte(
      std::int64_t character) const;  ///< of the character's first byte; size() gives the end
  std::int64_t character(std::size_t byte) const;  ///< that holds the byte
  std::string_view slice(const Span& span) const;  ///< the bytes of a span of characters

 private:
  std::string_view text_;
  std::int64_t characters_ = 0;
  std::vector<std::size_t> blocks_;  ///< byte of every 64th character; empty for ASCII
};

}  // namespace pellucid
