// SPDX-License-Identifier: Apache-2.0
// Characters of UTF-8 text as reports need them: code points with their bytes, grapheme clusters,
// places where a line may be broken (UAX #29 and #14, ICU), columns in a terminal (UAX #11), and
// what must never be printed as it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid::report {

struct Character {
  char32_t value = 0;    ///< the code point; for a byte that is not UTF-8: the byte
  std::size_t byte = 0;  ///< where it starts
  std::size_t size = 1;  ///< bytes
  bool valid = true;

  std::string_view in(std::string_view text) const { return text.substr(byte, size); }
};

std::vector<Character> characters(std::string_view text);
std::int64_t count_characters(std::string_view text);

/// C0 and C1 controls, DEL, and the line and paragraph separators.
bool is_control(char32_t value);
/// Embeddings, overrides and isolates: U+202A..E, U+2066..9.
bool is_bidi_control(char32_t value);
/// "\x1b" under 256, else "\u202e".
std::string escaped(char32_t value);
/// One line without controls, bidi controls and stray bytes: safe in a terminal, an attribute or a
/// title.
std::string printable(std::string_view text);

/// Per character: true where a grapheme cluster starts.  [characters]
std::vector<bool> grapheme_starts(std::string_view text, const std::vector<Character>& characters);
/// Per character: true where a new line may start before it.  [characters]
std::vector<bool> line_starts(std::string_view text, const std::vector<Character>& characters);

/// Columns of one code point in a terminal: 0 (combining), 1, or 2 (East Asian wide and full
/// width).
int columns(char32_t value);
/// Columns of a printable text: every grapheme is as wide as its widest character.
int columns(std::string_view text);

/// The first `limit` characters, cut at a grapheme, with "..." when something is missing; line ends
/// become blanks.
std::string beginning(std::string_view text, std::int64_t limit);

}  // namespace pellucid::report
