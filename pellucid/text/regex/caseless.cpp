// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/regex/caseless.h"

#include <vector>

#include "pellucid/text/regex/case_folding.h"

namespace pellucid {
namespace {

/// The characters one by one first, then what stands for several of them.
void ways(std::u32string_view folded, RegexParts& parts) {
  const auto add_rest = [&](std::size_t from) {
    if (from == folded.size()) return;
    parts.add("(?:");
    ways(folded.substr(from), parts);
    parts.add(")");
  };
  parts.add(without_case(CharacterSet(folded[0])));
  add_rest(1);
  for (std::size_t size = 2; size <= folded.size(); ++size) {
    const CharacterSet whole = stands_for(folded.substr(0, size));
    if (whole.empty()) continue;
    parts.add("|");
    parts.add(whole);
    add_rest(size);
  }
}

}  // namespace

std::u32string fold_string(char32_t character) {
  const std::u32string_view sequence = folded_sequence(character);
  return sequence.empty() ? std::u32string(1, fold_case(character)) : std::u32string(sequence);
}

bool holds_sequence(std::u32string_view folded) {
  for (std::size_t size = 2; size <= folded.size(); ++size) {
    if (!stands_for(folded.substr(0, size)).empty()) return true;
  }
  return false;
}

void add_caseless(std::u32string_view folded, RegexParts& parts) {
  if (folded.size() == 1) return parts.add(without_case(CharacterSet(folded[0])));
  parts.add("(?:");
  ways(folded, parts);
  parts.add(")");
}

void add_caseless(const ClassAtom& atom, RegexParts& parts) {
  const CharacterSet set = without_case(atom.set);
  if (atom.negated) return parts.add(set.complement());
  const std::vector<std::u32string> sequences = sequences_of(set);
  if (sequences.empty()) return parts.add(set);
  parts.add("(?:");
  parts.add(set);
  for (const std::u32string& sequence : sequences) {
    parts.add("|");
    for (const char32_t character : sequence) parts.add(without_case(CharacterSet(character)));
  }
  parts.add(")");
}

}  // namespace pellucid
