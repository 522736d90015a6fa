// SPDX-License-Identifier: Apache-2.0
// Classes of characters as the components of tokenizer.json use them: answers of the tokenizers
// library itself, tabulated (character_tables.cpp), so that they do not depend on the version of
// ICU.
#pragma once

#include <array>
#include <cstdint>

namespace pellucid {

enum CharacterFlag : std::uint16_t {
  kRemoved = 1,      ///< BERT's clean_text takes it away: controls, format, private use
  kSpaced = 2,       ///< BERT's clean_text makes it a space
  kPunctuation = 4,  ///< ASCII symbols and category P (Unicode 8.0)
  kChinese = 8,      ///< BERT's handle_chinese_chars puts spaces around it
  kNonspacing = 16,  ///< category Mn (Unicode 8.0): BERT's accents
  kMark = 32,        ///< categories Mn, Mc, Me (Unicode 9.0): StripAccents
  kWhiteSpace = 64,  ///< the 25 characters of White_Space
  kWord = 128,       ///< \w: letters, marks, digits, connectors
  kNumeric = 256,    ///< categories Nd, Nl, No
};

/// Flags of the characters below 0x20000; those above are looked up in the ranges.
struct CharacterTable {
  static constexpr char32_t kSize = 0x20000;
  std::array<std::uint16_t, kSize> flags{};

  CharacterTable();
  static const CharacterTable& instance();
  static std::uint16_t of_ranges(char32_t character);

  bool has(char32_t character, int mask) const {
    return ((character < kSize ? flags[character] : of_ranges(character)) & mask) != 0;
  }
};

/// Lower case of one character (Unicode 17). U+0130 becomes "i" and U+0307: its first character is
/// given here and the caller adds the second.
char32_t to_lower(char32_t character);
/// Number of the script as UnicodeScripts has it (Hiragana, Katakana and Han are one), or -1 for a
/// character that joins any.
int script_of(char32_t character);
inline constexpr char32_t kDottedCapitalI = 0x130;
inline constexpr char32_t kCombiningDot = 0x307;

}  // namespace pellucid
