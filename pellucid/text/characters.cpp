// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/characters.h"

#include "pellucid/text/character_tables.h"

namespace pellucid {

CharacterTable::CharacterTable() {
  for (std::size_t i = 0; i < kClassRangeCount; ++i) {
    const ValueRange& range = kClassRanges[i];
    for (std::uint32_t c = range.first; c <= range.last && c < kSize; ++c) {
      flags[c] = static_cast<std::uint16_t>(range.value);
    }
  }
}

const CharacterTable& CharacterTable::instance() {
  static const CharacterTable table;
  return table;
}

std::uint16_t CharacterTable::of_ranges(char32_t character) {
  const ValueRange* range = find_range(kClassRanges, kClassRangeCount, character);
  return range ? static_cast<std::uint16_t>(range->value) : std::uint16_t{0};
}

int script_of(char32_t character) {
  const ValueRange* range = find_range(kScriptOfRanges, kScriptOfRangeCount, character);
  return range ? static_cast<int>(range->value) : -1;
}

char32_t to_lower(char32_t character) {
  if (character < 0x80) {
    return character >= U'A' && character <= U'Z' ? character + 32 : character;
  }
  if (character == kDottedCapitalI) return U'i';
  return mapped(kLowerRanges, kLowerRangeCount, character);
}

}  // namespace pellucid
