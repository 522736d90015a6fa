// SPDX-License-Identifier: Apache-2.0
// Regex: an Oniguruma pattern, run by PCRE2 with JIT. All characters that no class of the pattern
// tells apart get one number, and PCRE2 matches numbers: so it needs no Unicode tables of its own,
// the result depends on no version of it, and every class is a bitmap.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/regex/character_set.h"

namespace pellucid {

/// A part of a text, [begin, end), and whether it is what was searched for.
struct Found {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_match = false;
};

/// Numbers of characters: equal for those that are in the same ones of several sets.
class CharacterNumbers {
 public:
  explicit CharacterNumbers(const std::vector<CharacterSet>& sets);

  std::uint16_t operator[](char32_t character) const {
    return numbers_[blocks_[character >> kShift] + (character & kMask)];
  }
  /// Numbers of the characters of a set, ascending.
  const std::vector<std::uint16_t>& of_set(std::size_t set) const { return of_sets_[set]; }

 private:
  static constexpr unsigned kShift = 8;
  static constexpr char32_t kMask = (1U << kShift) - 1;

  void fill(const CharacterSet::Range& range, std::uint16_t number);

  std::vector<std::uint32_t> blocks_;   // [character / 256]: where its numbers are
  std::vector<std::uint16_t> numbers_;  // a block of 256 for each number first
  std::vector<std::vector<std::uint16_t>> of_sets_;
};

class Regex {
 public:
  /// Throws Error beginning with `place` if it is no pattern or cannot be expressed.
  Regex(std::string_view pattern, std::string place);
  ~Regex();
  Regex(Regex&&) noexcept;

  /// The whole text in order: matches and what is between them. Empty matches too, as the
  /// tokenizers library sees them: not right behind another match. Throws Error when PCRE2 gives
  /// up.
  void find(std::u32string_view text, std::vector<Found>& found) const;

 private:
  struct Code;
  std::string pattern_;
  std::string place_;
  std::unique_ptr<const Code> code_;
};

}  // namespace pellucid
