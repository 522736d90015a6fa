// SPDX-License-Identifier: Apache-2.0
// Characters and classes of a pattern that ignores case. As in Oniguruma U+00DF and "ss" are the
// same then, and a class that has the one takes the other.
#pragma once

#include <string>
#include <string_view>

#include "pellucid/text/regex/oniguruma.h"
#include "pellucid/text/regex/scanner.h"

namespace pellucid {

/// What a character is without case: one character or a sequence.
std::u32string fold_string(char32_t character);
/// True if the folded characters begin with a sequence that one character stands for.
bool holds_sequence(std::u32string_view folded);

/// All ways to write the folded characters.
void add_caseless(std::u32string_view folded, RegexParts& parts);
void add_caseless(const ClassAtom& atom, RegexParts& parts);

}  // namespace pellucid
