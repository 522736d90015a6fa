// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/regex/case_folding.h"

#include <algorithm>
#include <utility>

#include "pellucid/text/regex/class_tables.h"

namespace pellucid {

char32_t fold_case(char32_t character) { return mapped(kFoldRanges, kFoldRangeCount, character); }

CharacterSet without_case(const CharacterSet& set) {
  // Pairs (character, folded) of all characters that the table names.
  CharacterSet folded = set;
  std::vector<std::pair<char32_t, char32_t>> pairs;
  for (std::size_t i = 0; i < kFoldRangeCount; ++i) {
    for (char32_t c = kFoldRanges[i].first; c <= kFoldRanges[i].last; c += kFoldRanges[i].step) {
      pairs.emplace_back(c, fold_case(c));
      if (set.contains(c)) folded.add(pairs.back().second, pairs.back().second);
    }
  }
  CharacterSet result = folded;
  for (const auto& [character, target] : pairs) {
    if (folded.contains(target)) result.add(character, character);
  }
  return result;
}

CharacterSet stands_for(std::u32string_view folded) {
  CharacterSet result;
  for (std::size_t i = 0; i < kFoldSequenceCount; ++i) {
    if (folded == kFoldSequences[i].sequence) {
      result.add(kFoldSequences[i].code, kFoldSequences[i].code);
    }
  }
  return result;
}

std::u32string_view folded_sequence(char32_t character) {
  for (std::size_t i = 0; i < kFoldSequenceCount; ++i) {
    if (kFoldSequences[i].code == character) return kFoldSequences[i].sequence;
  }
  return {};
}

bool begins_sequence(std::u32string_view folded) {
  return std::any_of(
      kFoldSequences, kFoldSequences + kFoldSequenceCount, [folded](const FoldSequence& entry) {
        return std::u32string_view(entry.sequence).substr(0, folded.size()) == folded;
      });
}

std::vector<std::u32string> sequences_of(const CharacterSet& set) {
  std::vector<std::u32string> result;
  for (std::size_t i = 0; i < kFoldSequenceCount; ++i) {
    const std::u32string_view sequence = kFoldSequences[i].sequence;
    if (!set.contains(kFoldSequences[i].code)) continue;
    if (result.empty() || result.back() != sequence) result.emplace_back(sequence);
  }
  return result;
}

}  // namespace pellucid
