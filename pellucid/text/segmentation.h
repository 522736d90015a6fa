// SPDX-License-Identifier: Apache-2.0
// Sentences, phrases and paragraphs as spans of characters. A sentence ends at . ! ? or an ellipsis
// before white space, but not after abbreviations, initials and numbers of lists; a phrase also at
// , ; : and dashes; Chinese and Japanese marks end both without white space. Spans are trimmed;
// empty ones are dropped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

/// Words whose dot ends no sentence: a built-in list, and the user's.
class Abbreviations {
 public:
  Abbreviations() = default;
  /// In any case, with or without the last dot; empty ones are left out.
  explicit Abbreviations(const std::vector<std::string>& more);

  /// word: in lower case, without the last dot.
  bool has(std::string_view word) const;
  std::size_t longest() const { return longest_; }  ///< in characters

 private:
  static constexpr std::size_t kLongestBuiltIn = 8;
  std::vector<std::string> more_;  // sorted
  std::size_t longest_ = kLongestBuiltIn;
};

std::vector<Span> sentence_spans(std::u32string_view text, const Abbreviations& abbreviations = {});
std::vector<Span> phrase_spans(std::u32string_view text, const Abbreviations& abbreviations = {});
/// Paragraphs end at a line break that an empty line follows.
std::vector<Span> paragraph_spans(std::u32string_view text);

}  // namespace pellucid
