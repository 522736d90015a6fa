// SPDX-License-Identifier: Apache-2.0
// CharacterSet: a set of code points as ascending ranges, with the operations of a bracket
// expression.
#pragma once

#include <vector>

namespace pellucid {

inline constexpr char32_t kLastCharacter = 0x10FFFF;

class CharacterSet {
 public:
  struct Range {
    char32_t first;
    char32_t last;
    friend bool operator==(const Range&, const Range&) = default;
  };

  CharacterSet() = default;
  CharacterSet(char32_t first, char32_t last) : ranges_{{first, last}} {}
  explicit CharacterSet(char32_t character) : CharacterSet(character, character) {}
  static CharacterSet all() { return CharacterSet(0, kLastCharacter); }

  bool empty() const { return ranges_.empty(); }
  bool contains(char32_t character) const;
  /// Not empty, ascending, with a gap between neighbours.
  const std::vector<Range>& ranges() const { return ranges_; }

  void add(char32_t first, char32_t last);
  CharacterSet complement() const;
  friend CharacterSet operator|(const CharacterSet& left, const CharacterSet& right);
  friend CharacterSet operator&(const CharacterSet& left, const CharacterSet& right);
  friend bool operator==(const CharacterSet&, const CharacterSet&) = default;

 private:
  std::vector<Range> ranges_;
};

}  // namespace pellucid
