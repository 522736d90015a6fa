// SPDX-License-Identifier: Apache-2.0
// Punctuation marks (Unicode category P) among the words of a text: units of their own, joined to
// the words that they touch, or left out.
#pragma once

#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"
#include "pellucid/text/units.h"

namespace pellucid {

/// words: of word_spans, ascending and disjoint. attach: a mark joins the word before it when no
/// space is between; opening brackets and quotes join the word after; what touches no word stays.
std::vector<Span> with_punctuation(Punctuation how, std::vector<Span> words,
                                   std::u32string_view characters);

}  // namespace pellucid
