// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/characters.h"

#include <algorithm>

#include "pellucid/text/character_tables.h"

namespace pellucid {
namespace {

/// The range that holds the character, or the end.
template <class Range>
const Range* find_range(const Range* ranges, std::size_t count, char32_t character) {
  const Range* end = ranges + count;
  const Range* range = std::lower_bound(
      ranges, end, character, [](const Range& left, char32_t value) { return left.last < value; });
  return range != end && range->first <= character ? range : nullptr;
}

}  // namespace

CharacterTable::CharacterTable() {
  for (std::size_t i = 0; i < kClassRangeCount; ++i) {
    const ClassRange& range = kClassRanges[i];
    for (std::uint32_t c = range.first; c <= range.last && c < kSize; ++c) {
      flags[c] = static_cast<std::uint16_t>(range.flags);
    }
  }
}

const CharacterTable& CharacterTable::instance() {
  static const CharacterTable table;
  return table;
}

std::uint16_t CharacterTable::of_ranges(char32_t character) {
  const ClassRange* range = find_range(kClassRanges, kClassRangeCount, character);
  return range ? static_cast<std::uint16_t>(range->flags) : std::uint16_t{0};
}

int script_of(char32_t character) {
  const ScriptRange* range = find_range(kScriptOfRanges, kScriptOfRangeCount, character);
  return range ? static_cast<int>(range->script) : -1;
}

char32_t to_lower(char32_t character) {
  if (character < 0x80) {
    return character >= U'A' && character <= U'Z' ? character + 32 : character;
  }
  if (character == kDottedCapitalI) return U'i';
  const LowerRange* range = find_range(kLowerRanges, kLowerRangeCount, character);
  if (!range || (character - range->first) % range->step != 0) return character;
  return static_cast<char32_t>(static_cast<std::int64_t>(character) + range->difference);
}

}  // namespace pellucid
