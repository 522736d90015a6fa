// SPDX-License-Identifier: Apache-2.0
// Sentences, phrases and paragraphs as spans of characters. A sentence ends at . ! ? or an ellipsis
// before white space, but not after abbreviations, initials and numbers of lists; a phrase also at
// , ; : and dashes; Chinese and Japanese marks end both without white space. Spans are trimmed;
// empty ones are dropped.
#pragma once

#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

std::vector<Span> sentence_spans(std::u32string_view text);
std::vector<Span> phrase_spans(std::u32string_view text);
/// Paragraphs end at a line break that an empty line follows.
std::vector<Span> paragraph_spans(std::u32string_view text);

}  // namespace pellucid
