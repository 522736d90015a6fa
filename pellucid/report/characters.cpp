// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/characters.h"

#include <fmt/format.h>
#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <memory>

#include "pellucid/base/error.h"

namespace pellucid::report {
namespace {

using BreakIterator = std::unique_ptr<icu::BreakIterator>;

/// Marks the characters at which the iterator stops.
std::vector<bool> breaks(icu::BreakIterator& iterator, std::string_view text,
                         const std::vector<Character>& characters) {
  std::vector<bool> starts(characters.size(), false);
  UErrorCode status = U_ZERO_ERROR;
  UText utext = UTEXT_INITIALIZER;
  utext_openUTF8(&utext, text.data(), static_cast<std::int64_t>(text.size()), &status);
  iterator.setText(&utext, status);
  if (U_FAILURE(status)) fail("unicode: {}", u_errorName(status));
  std::size_t next = 0;
  for (std::int32_t byte = iterator.first(); byte != icu::BreakIterator::DONE;
       byte = iterator.next()) {
    while (next < characters.size() && characters[next].byte < static_cast<std::size_t>(byte))
      ++next;
    if (next < characters.size()) starts[next] = true;
  }
  utext_close(&utext);
  return starts;
}

BreakIterator created(icu::BreakIterator* iterator, UErrorCode status) {
  BreakIterator owner(iterator);
  if (U_FAILURE(status)) fail("unicode: {}", u_errorName(status));
  return owner;
}

}  // namespace

std::vector<Character> characters(std::string_view text) {
  std::vector<Character> result;
  result.reserve(text.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int64_t>(text.size());
  for (std::int64_t at = 0; at < length;) {
    const std::int64_t start = at;
    UChar32 value = 0;
    U8_NEXT(bytes, at, length, value);
    if (value < 0) {  // one stray byte at a time, so that every byte is shown
      at = start + 1;
      result.push_back({bytes[start], static_cast<std::size_t>(start), 1, false});
    } else {
      result.push_back({static_cast<char32_t>(value), static_cast<std::size_t>(start),
                        static_cast<std::size_t>(at - start), true});
    }
  }
  return result;
}

std::int64_t count_characters(std::string_view text) {
  return static_cast<std::int64_t>(characters(text).size());
}

bool is_control(char32_t value) {
  return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x2028 || value == 0x2029;
}

bool is_bidi_control(char32_t value) {
  return (value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
}

std::string escaped(char32_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  return number < 0x100 ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{:04x}", number);
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const Character& c : characters(text)) {
    if (!c.valid || is_control(c.value) || is_bidi_control(c.value)) {
      result += escaped(c.value);
    } else {
      result += c.in(text);
    }
  }
  return result;
}

std::vector<bool> grapheme_starts(std::string_view text, const std::vector<Character>& characters) {
  thread_local const BreakIterator iterator = [] {
    UErrorCode status = U_ZERO_ERROR;
    return created(icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status),
                   status);
  }();
  return breaks(*iterator, text, characters);
}

std::vector<bool> line_starts(std::string_view text, const std::vector<Character>& characters) {
  thread_local const BreakIterator iterator = [] {
    UErrorCode status = U_ZERO_ERROR;
    return created(icu::BreakIterator::createLineInstance(icu::Locale::getRoot(), status), status);
  }();
  return breaks(*iterator, text, characters);
}

int columns(char32_t value) {
  const auto code = static_cast<UChar32>(value);
  const auto category = u_charType(code);
  if (category == U_NON_SPACING_MARK || category == U_ENCLOSING_MARK) return 0;
  if (category == U_FORMAT_CHAR && code != 0xad) return 0;
  if (code >= 0x1160 && code <= 0x11ff)
    return 0;  // Hangul vowels and finals join the syllable before them
  const auto width = u_getIntPropertyValue(code, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

int columns(std::string_view text) {
  const auto all = characters(text);
  const auto starts = grapheme_starts(text, all);
  int total = 0;
  int widest = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (starts[i]) {
      total += widest;
      widest = 0;
    }
    widest = std::max(widest, all[i].value == 0xfe0f ? 2 : columns(all[i].value));
  }
  return total + widest;
}

std::string beginning(std::string_view text, std::int64_t limit) {
  const auto all = characters(text);
  const auto starts = grapheme_starts(text, all);
  auto end = static_cast<std::int64_t>(all.size());
  if (end > limit) {
    end = limit;
    while (end > 0 && !starts[static_cast<std::size_t>(end)]) --end;
  }
  std::string result;
  bool blank = true;  // swallows blanks at the start, too
  for (std::int64_t i = 0; i < end; ++i) {
    const Character& c = all[static_cast<std::size_t>(i)];
    const bool space =
        c.valid && (c.value == ' ' || c.value == '\n' || c.value == '\r' || c.value == '\t');
    if (space && blank) continue;
    blank = space;
    if (space) {
      result += ' ';
    } else {
      result += c.in(text);
    }
  }
  if (end < static_cast<std::int64_t>(all.size())) result += "...";
  return result;
}

}  // namespace pellucid::report
