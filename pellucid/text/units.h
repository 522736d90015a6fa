// SPDX-License-Identifier: Apache-2.0
// Units: groups of tokens that are explained together (tokens, words, sentences ...), each with its
// characters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

enum class Unit { all_tokens, token, word, tokenizer_word, phrase, sentence, paragraph, spans };

/// "all-tokens", "token", ...; parsing an unknown name throws UsageError with the nearest existing
/// one.
std::string_view name(Unit unit);
Unit parse_unit(std::string_view name);

/// What becomes of the marks (Unicode category P) among words.
enum class Punctuation {
  own,     ///< units of their own
  attach,  ///< joined to the word before, opening brackets and quotes to the word after
  drop,    ///< of no unit
};
std::string_view name(Punctuation punctuation);
Punctuation parse_punctuation(std::string_view name);

struct UnitOptions {
  Punctuation punctuation = Punctuation::own;  ///< of words
  /// Beside the built-in ones; their dot ends no sentence and no phrase. In any case, with or
  /// without the last dot.
  std::vector<std::string> abbreviations{};
  bool rest = false;  ///< of spans: what lies between them is one unit each
};
/// Throws UsageError for an option that the unit does not have.
void check_unit_options(Unit unit, const UnitOptions& options);

struct TextUnit {
  std::string text;  ///< the characters of `span`; for units without characters the token's text
  std::optional<Span> span;  ///< in the text of the segment; none for template tokens
  std::int32_t segment = 0;
  std::vector<std::int64_t>
      tokens;  ///< positions in the encoding, ascending; empty: cut off by truncation
};

/// Ordered by segment, then by first character; disjoint. Tokens of no unit are unassigned.
struct Units {
  Unit kind = Unit::word;
  std::vector<TextUnit> units;

  std::int64_t size() const { return static_cast<std::int64_t>(units.size()); }
  /// unit of each token position, or none.  [tokens]
  std::vector<std::optional<std::int64_t>> unit_of_token(std::int64_t tokens) const;
};

/// Words by Unicode word boundaries (UAX #29, ICU), a punctuation mark is a word of its own; spans
/// of white space are dropped. Dictionary segmentation for Chinese, Japanese, Thai, Khmer, Lao and
/// Burmese.
std::vector<Span> word_spans(std::string_view text);

/// Units that the user gives: characters of the text and of the pair, in any order.
struct UserSpans {
  std::vector<Span> text{};
  std::vector<Span> pair{};
  bool rest = false;  ///< what lies between them is one unit each, else it belongs to no unit
};

/// pair: nullptr for single texts. A token that touches several words (sentences ...) merges them,
/// so that units stay a partition; the merged unit's span is their hull.
Units make_units(Unit kind, const Encoding& encoding, std::string_view text,
                 const std::string* pair, const UnitOptions& options = {});
/// Unit::spans. Throws UsageError for spans that are empty, overlap, or lie outside their text.
Units make_units(const UserSpans& spans, const Encoding& encoding, std::string_view text,
                 const std::string* pair);

}  // namespace pellucid
