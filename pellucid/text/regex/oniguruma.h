// SPDX-License-Identifier: Apache-2.0
// The regular expressions of tokenizer.json are Oniguruma's with Ruby's syntax: (?m) lets the dot
// match newlines, ^ and $ match at lines, {n}+ repeats a repetition, \h is a hexadecimal digit.
// Here one is read into the text of a PCRE2 pattern with sets of characters in their places.
// https://github.com/kkos/oniguruma/blob/master/doc/RE
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/regex/character_set.h"

namespace pellucid {

/// literals[0], sets[set_of[0]], literals[1], sets[set_of[1]], ... literals.back().
struct RegexParts {
  std::vector<std::string> literals{""};
  std::vector<std::size_t> set_of;
  std::vector<CharacterSet> sets;  ///< each once

  void add(std::string_view literal) { literals.back() += literal; }
  void add(const CharacterSet& set);
};

/// Throws Error, beginning with `place`, on what is no pattern and on what PCRE2 cannot do on
/// classes of characters (back references, calls, absence operators, text segments).
RegexParts parse_oniguruma(std::string_view pattern, std::string_view place);

}  // namespace pellucid
