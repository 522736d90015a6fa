// SPDX-License-Identifier: Apache-2.0
// From tokens to units: spans of the text that a token touches become one (union-find), so that
// units stay a partition.
#include "pellucid/text/units.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/characters.h"
#include "pellucid/text/punctuation.h"
#include "pellucid/text/segmentation.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

constexpr std::array<std::string_view, 8> kNames = {
    "all-tokens", "token", "word", "tokenizer-word", "phrase", "sentence", "paragraph", "spans"};

constexpr std::array<std::string_view, 3> kPunctuationNames = {"own", "attach", "drop"};

/// One text of the encoding.
struct Segment {
  std::u32string characters;
  std::vector<Span> spans;  ///< candidates for units, ascending and disjoint
};

/// The token's span without the white space at its start (byte-level tokens carry the space before
/// the word).
Span visible_span(const Token& token, const std::u32string& characters) {
  const CharacterTable& table = CharacterTable::instance();
  Span span = token.span;
  const auto size = static_cast<std::int64_t>(characters.size());
  while (span.start < std::min(span.end, size) &&
         table.has(characters[static_cast<std::size_t>(span.start)], kWhiteSpace)) {
    ++span.start;
  }
  return span;
}

/// Disjoint sets of the candidates 0 ... size - 1; the representative is the smallest.
class Partition {
 public:
  explicit Partition(std::size_t size) : parent_(size) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }
  std::size_t find(std::size_t item) {
    while (parent_[item] != item) item = parent_[item] = parent_[parent_[item]];
    return item;
  }
  void merge(std::size_t left, std::size_t right) {
    left = find(left);
    right = find(right);
    parent_[std::max(left, right)] = std::min(left, right);
  }

 private:
  std::vector<std::size_t> parent_;
};

/// Indices [first, last) of the candidates that overlap the span.
std::pair<std::size_t, std::size_t> touched(const std::vector<Span>& candidates, const Span& span) {
  const auto first = std::partition_point(candidates.begin(), candidates.end(),
                                          [&](const Span& c) { return c.end <= span.start; });
  const auto last = std::partition_point(first, candidates.end(),
                                         [&](const Span& c) { return c.start < span.end; });
  return {static_cast<std::size_t>(first - candidates.begin()),
          static_cast<std::size_t>(last - candidates.begin())};
}

std::string text_of(const std::u32string& characters, const Span& span) {
  const auto begin = static_cast<std::size_t>(span.start);
  return encode_utf8(
      std::u32string_view(characters)
          .substr(std::min(begin, characters.size()), static_cast<std::size_t>(span.size())));
}

/// Units of one segment from its candidates, the tokens that touch them, and further spans that
/// must not be cut.
void append_units(const Segment& segment, std::int32_t index, const Encoding& encoding,
                  const std::vector<Span>& uncut, std::vector<TextUnit>& units) {
  Partition partition(segment.spans.size());
  std::vector<std::pair<std::int64_t, std::size_t>> touching;  // token, one of its candidates
  const auto merge_touched = [&](const Span& span) {
    const auto [first, last] = touched(segment.spans, span);
    for (std::size_t i = first + 1; i < last; ++i) partition.merge(first, i);
    return first < last ? std::optional(first) : std::nullopt;
  };
  for (const Span& span : uncut) merge_touched(span);
  for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
    const Token& token = encoding.tokens[i];
    if (token.special || token.segment != index) continue;
    const Span span = visible_span(token, segment.characters);
    if (span.empty()) continue;
    if (const auto candidate = merge_touched(span)) {
      touching.emplace_back(static_cast<std::int64_t>(i), *candidate);
    }
  }
  std::vector<std::size_t> unit_of(segment.spans.size());
  for (std::size_t i = 0; i < segment.spans.size(); ++i) {
    if (partition.find(i) == i) {
      unit_of[i] = units.size();
      units.push_back({"", segment.spans[i], index, {}});
    }
    unit_of[i] = unit_of[partition.find(i)];
    units[unit_of[i]].span->end = segment.spans[i].end;
  }
  for (const auto& [token, candidate] : touching) units[unit_of[candidate]].tokens.push_back(token);
  for (TextUnit& unit : units) {
    if (unit.segment == index) unit.text = text_of(segment.characters, *unit.span);
  }
}

/// Every position, or every position that has characters.
void append_tokens(const std::vector<Segment>& segments, const Encoding& encoding, bool all,
                   std::vector<TextUnit>& units) {
  for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
    const Token& token = encoding.tokens[i];
    const bool has_characters = !token.special && !token.span.empty();
    if (!all && !has_characters) continue;
    TextUnit unit{token.text, std::nullopt, token.segment, {static_cast<std::int64_t>(i)}};
    if (has_characters) {
      unit.span = token.span;
      unit.text = text_of(segments[static_cast<std::size_t>(token.segment)].characters, token.span);
    }
    units.push_back(std::move(unit));
  }
}

/// Tokens of the same word of the tokenizer.
void append_tokenizer_words(const Segment& segment, std::int32_t index, const Encoding& encoding,
                            std::vector<TextUnit>& units) {
  std::optional<std::int32_t> word;
  const std::size_t first = units.size();
  for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
    const Token& token = encoding.tokens[i];
    if (token.special || token.segment != index || !token.word) continue;
    const Span span = visible_span(token, segment.characters);
    if (span.empty()) continue;
    if (word == token.word) {
      units.back().span->end = std::max(units.back().span->end, span.end);
    } else {
      units.push_back({"", span, index, {}});
      word = token.word;
    }
    units.back().tokens.push_back(static_cast<std::int64_t>(i));
  }
  for (std::size_t i = first; i < units.size(); ++i) {
    units[i].text = text_of(segment.characters, *units[i].span);
  }
}

/// The texts of an encoding, without candidates yet.
std::vector<Segment> segments_of(const Encoding& encoding, std::string_view text,
                                 const std::string* pair) {
  std::vector<Segment> segments;
  segments.push_back({decode_utf8(text), {}});
  if (pair) segments.push_back({decode_utf8(*pair, "pair"), {}});
  for (const Token& token : encoding.tokens) {
    check(token.segment >= 0 && token.segment < static_cast<std::int32_t>(segments.size()),
          "a token belongs to text {}, but there are {}", token.segment, segments.size());
  }
  return segments;
}

/// The user's spans in ascending order.
std::vector<Span> checked_spans(std::vector<Span> spans, const std::u32string& characters) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& left, const Span& right) { return left.start < right.start; });
  const auto size = static_cast<std::int64_t>(characters.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Span& span = spans[i];
    check_usage(span.start >= 0 && span.start < span.end && span.end <= size,
                "span [{}, {}): expected 0 <= start < end <= {}, the characters of the text",
                span.start, span.end, size);
    if (i > 0 && spans[i - 1].end > span.start) {
      fail_usage("spans [{}, {}) and [{}, {}) overlap", spans[i - 1].start, spans[i - 1].end,
                 span.start, span.end);
    }
  }
  return spans;
}

/// The span without white space around it; empty if there is nothing else.
Span trimmed(Span span, const std::u32string& characters) {
  const CharacterTable& table = CharacterTable::instance();
  const auto is_space = [&](std::int64_t at) {
    return table.has(characters[static_cast<std::size_t>(at)], kWhiteSpace);
  };
  while (span.start < span.end && is_space(span.start)) ++span.start;
  while (span.end > span.start && is_space(span.end - 1)) --span.end;
  return span;
}

/// Adds what lies between the spans.
std::vector<Span> with_gaps(const std::vector<Span>& spans, const std::u32string& characters) {
  std::vector<Span> result;
  std::int64_t done = 0;
  const auto add_gap = [&](std::int64_t end) {
    const Span gap = trimmed({done, end}, characters);
    if (!gap.empty()) result.push_back(gap);
  };
  for (const Span& span : spans) {
    add_gap(span.start);
    result.push_back(span);
    done = span.end;
  }
  add_gap(static_cast<std::int64_t>(characters.size()));
  return result;
}

std::vector<Span> candidates(Unit kind, std::string_view text, const std::u32string& characters,
                             const UnitOptions& options) {
  if (kind == Unit::word) {
    return with_punctuation(options.punctuation, word_spans(text), characters);
  }
  if (kind == Unit::paragraph) return paragraph_spans(characters);
  const Abbreviations abbreviations(options.abbreviations);
  return kind == Unit::sentence ? sentence_spans(characters, abbreviations)
                                : phrase_spans(characters, abbreviations);
}

}  // namespace

std::string_view name(Unit kind) { return kNames.at(static_cast<std::size_t>(kind)); }

Unit parse_unit(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  check_usage(found != kNames.end(), "unknown unit {}, expected one of {}{}", quote(name),
              fmt::join(kNames, ", "),
              did_you_mean(name, std::vector<std::string>(kNames.begin(), kNames.end())));
  return static_cast<Unit>(found - kNames.begin());
}

std::string_view name(Punctuation punctuation) {
  return kPunctuationNames.at(static_cast<std::size_t>(punctuation));
}

Punctuation parse_punctuation(std::string_view name) {
  const auto& names = kPunctuationNames;
  const auto found = std::find(names.begin(), names.end(), name);
  check_usage(found != names.end(), "unknown punctuation {}, expected one of {}{}", quote(name),
              fmt::join(names, ", "),
              did_you_mean(name, std::vector<std::string>(names.begin(), names.end())));
  return static_cast<Punctuation>(found - names.begin());
}

void check_unit_options(Unit unit, const UnitOptions& options) {
  check_usage(options.punctuation == Punctuation::own || unit == Unit::word,
              "punctuation {}: only words have it, the unit is {}", name(options.punctuation),
              name(unit));
  check_usage(options.abbreviations.empty() || unit == Unit::sentence || unit == Unit::phrase,
              "abbreviations: only sentences and phrases have them, the unit is {}", name(unit));
  check_usage(!options.rest || unit == Unit::spans, "rest: only spans have it, the unit is {}",
              name(unit));
}

std::vector<std::optional<std::int64_t>> Units::unit_of_token(std::int64_t tokens) const {
  std::vector<std::optional<std::int64_t>> result(static_cast<std::size_t>(tokens));
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (const std::int64_t token : units[i].tokens) {
      check(token >= 0 && token < tokens, "unit {} holds the token {}, the encoding has {}", i,
            token, tokens);
      result[static_cast<std::size_t>(token)] = static_cast<std::int64_t>(i);
    }
  }
  return result;
}

Units make_units(Unit kind, const Encoding& encoding, std::string_view text,
                 const std::string* pair, const UnitOptions& options) {
  check_unit_options(kind, options);
  check_usage(kind != Unit::spans, "unit 'spans' needs the spans of the units");
  std::vector<Segment> segments = segments_of(encoding, text, pair);
  Units result;
  result.kind = kind;
  if (kind == Unit::all_tokens || kind == Unit::token) {
    append_tokens(segments, encoding, kind == Unit::all_tokens, result.units);
    return result;
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    if (kind == Unit::tokenizer_word) {
      append_tokenizer_words(segments[i], index, encoding, result.units);
      continue;
    }
    const std::string_view part = i == 0 ? text : std::string_view(*pair);
    segments[i].spans = candidates(kind, part, segments[i].characters, options);
    // A word that holds a cut joins the sentences on both sides.
    const auto words = kind == Unit::word ? std::vector<Span>{} : word_spans(part);
    append_units(segments[i], index, encoding, words, result.units);
  }
  return result;
}

Units make_units(const UserSpans& spans, const Encoding& encoding, std::string_view text,
                 const std::string* pair) {
  check_usage(pair || spans.pair.empty(), "there are spans for a second text, but only one text");
  std::vector<Segment> segments = segments_of(encoding, text, pair);
  Units result;
  result.kind = Unit::spans;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Segment& segment = segments[i];
    segment.spans = checked_spans(i == 0 ? spans.text : spans.pair, segment.characters);
    if (spans.rest) segment.spans = with_gaps(segment.spans, segment.characters);
    append_units(segment, static_cast<std::int32_t>(i), encoding, {}, result.units);
  }
  return result;
}

}  // namespace pellucid
