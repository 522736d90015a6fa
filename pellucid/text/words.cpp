// SPDX-License-Identifier: Apache-2.0
// Words by Unicode word boundaries. ICU finds them; ASCII text takes a short cut with the same
// result, because loading ICU's rules costs milliseconds in a fresh process.
// https://unicode.org/reports/tr29/#Word_Boundaries
#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>

#include "pellucid/base/error.h"
#include "pellucid/text/characters.h"
#include "pellucid/text/unicode.h"
#include "pellucid/text/units.h"

namespace pellucid {
namespace {

bool is_space(char32_t character) { return CharacterTable::instance().has(character, kWhiteSpace); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

/// True if the mark at `at` binds its two neighbours: "don't", "U.S", "3.14", "1,000" (rules WB6,
/// 7, 11, 12).
bool binds(std::string_view text, std::size_t at) {
  const char mark = text[at];
  const char left = text[at - 1];
  const char right = at + 1 < text.size() ? text[at + 1] : '\0';
  if (mark == '.' || mark == '\'') {
    return (is_letter(left) && is_letter(right)) || (is_digit(left) && is_digit(right));
  }
  return (mark == ',' || mark == ';') && is_digit(left) && is_digit(right);
}

/// Whether the short cut holds: all ASCII, and no mark that versions of ICU treat differently (@,
/// and : in a word).
bool is_plain(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80 || text[i] == '@') return false;
    const bool inside =
        i > 0 && i + 1 < text.size() && is_word(text[i - 1]) && is_word(text[i + 1]);
    if (text[i] == ':' && inside) return false;
  }
  return true;
}

std::vector<Span> plain_words(std::string_view text) {
  std::vector<Span> words;
  words.reserve(text.size() / 5 + 1);
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    end = begin + 1;
    if (is_space(static_cast<unsigned char>(text[begin]))) continue;
    if (is_word(text[begin])) {
      while (end < text.size() && (is_word(text[end]) || binds(text, end))) ++end;
    }
    words.push_back({static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)});
  }
  return words;
}

/// Each thread has its own iterator, a copy of one that reads ICU's data once.
icu::BreakIterator& word_iterator() {
  static const std::unique_ptr<icu::BreakIterator> prototype = [] {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> result(
        icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
    check(U_SUCCESS(status), "ICU has no rules for words: {}", u_errorName(status));
    return result;
  }();
  thread_local const std::unique_ptr<icu::BreakIterator> iterator(prototype->clone());
  return *iterator;
}

std::vector<Span> icu_words(std::string_view text) {
  const std::u32string characters = decode_utf8(text);
  const icu::UnicodeString units = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  icu::BreakIterator& iterator = word_iterator();
  iterator.setText(units);
  std::vector<Span> words;
  std::size_t begin = 0;  // in characters
  std::int32_t unit = 0;  // the same place in UTF-16
  for (std::int32_t end = iterator.next(); end != icu::BreakIterator::DONE; end = iterator.next()) {
    std::size_t position = begin;
    for (; unit < end; ++position) unit += characters[position] > 0xFFFF ? 2 : 1;
    const auto first = characters.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = characters.begin() + static_cast<std::ptrdiff_t>(position);
    if (!std::all_of(first, last, is_space)) {
      words.push_back({static_cast<std::int64_t>(begin), static_cast<std::int64_t>(position)});
    }
    begin = position;
  }
  return words;
}

}  // namespace

std::vector<Span> word_spans(std::string_view text) {
  check(text.size() < (std::size_t{1} << 31), "text has {} bytes, expected less than 2 GiB",
        text.size());
  return is_plain(text) ? plain_words(text) : icu_words(text);
}

}  // namespace pellucid
