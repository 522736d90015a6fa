// SPDX-License-Identifier: Apache-2.0
// Characters that a regular expression takes for one another when it ignores case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/regex/character_set.h"

namespace pellucid {

char32_t fold_case(char32_t character);
/// The set and all characters that differ from its members in case alone.
CharacterSet without_case(const CharacterSet& set);
/// Characters that stand for this sequence of two or three folded characters ("ss": U+00DF).
CharacterSet stands_for(std::u32string_view folded);
/// The sequence that the character stands for; empty: none.
std::u32string_view folded_sequence(char32_t character);
/// True if some sequence begins with these folded characters.
bool begins_sequence(std::u32string_view folded);
/// The sequences that members of the set stand for, each once.
std::vector<std::u32string> sequences_of(const CharacterSet& set);

}  // namespace pellucid
