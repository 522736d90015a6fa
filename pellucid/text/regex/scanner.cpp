// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/regex/scanner.h"

#include <fmt/format.h>

#include <algorithm>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

constexpr std::uint32_t kMostRepeats = 100'000;

bool is_digit(char32_t character, std::uint32_t base) {
  if (character >= U'0' && character <= U'9') return character - U'0' < base;
  const char32_t lower = character | 0x20;
  return base == 16 && lower >= U'a' && lower <= U'f';
}

std::uint32_t digit_value(char32_t character) {
  return character <= U'9' ? character - U'0' : (character | 0x20) - U'a' + 10;
}

}  // namespace

std::string Repeat::text() const {
  std::string range = least == 0 && !most                      ? "*"
                      : least == 1 && !most                    ? "+"
                      : least == 0 && most == std::uint32_t{1} ? "?"
                      : most ? fmt::format("{{{},{}}}", least, *most)
                             : fmt::format("{{{},}}", least);
  return range.append(mode);
}

Scanner::Scanner(std::string_view pattern, std::string_view place)
    : text_(decode_utf8(pattern, place)), pattern_(pattern), place_(place) {}

void Scanner::fail_here(std::string_view what) const {
  fail("{}: the pattern {} at character {}: {}", place_, quote(pattern_), at_, what);
}

char32_t Scanner::next() {
  if (done()) fail_here("ends too early");
  return text_[at_++];
}

bool Scanner::take(char32_t character) {
  if (done() || text_[at_] != character) return false;
  ++at_;
  return true;
}

bool Scanner::take(std::u32string_view characters) {
  if (text_.compare(at_, characters.size(), characters) != 0) return false;
  at_ += characters.size();
  return true;
}

void Scanner::expect(char32_t character) {
  if (take(character)) return;
  fail_here(fmt::format("expected {}", encode_utf8({&character, 1})));
}

void Scanner::skip_name() {
  while (peek() != U'>' && peek() != U'\'') next();
  next();
}

std::optional<std::uint32_t> Scanner::number() {
  if (!is_digit(peek(), 10)) return std::nullopt;
  std::uint32_t value = 0;
  while (!done() && is_digit(peek(), 10)) {
    value = value * 10 + digit_value(next());
    if (value > kMostRepeats) fail_here("a repetition above 100000");
  }
  return value;
}

/// {n} {n,} {n,m} {,m}; anything else is a literal brace. Of {3,2} Oniguruma makes a possessive
/// {2,3}.
std::optional<Repeat> Scanner::interval() {
  const std::size_t start = at_;
  take(U'{');
  const auto least = number();
  const bool comma = take(U',');
  const auto most = comma ? number() : least;
  if (!take(U'}') || (!least && !most)) {
    at_ = start;
    return std::nullopt;
  }
  Repeat repeat{least.value_or(0), most, ""};
  if (most && repeat.least > *most) {
    repeat = {*most, repeat.least, "+"};
  } else if (comma && take(U'?')) {
    repeat.mode = "?";
  }
  return repeat;
}

std::optional<Repeat> Scanner::repeat() {
  if (peek() == U'{' && !done()) return interval();
  Repeat repeat;
  if (take(U'*')) {
  } else if (take(U'+')) {
    repeat.least = 1;
  } else if (take(U'?')) {
    repeat.most = 1;
  } else {
    return std::nullopt;
  }
  if (take(U'?')) {
    repeat.mode = "?";
  } else if (take(U'+')) {
    repeat.mode = "+";
  }
  return repeat;
}

char32_t Scanner::digits(std::uint32_t base, std::size_t most) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < most && !done() && is_digit(peek(), base); ++i) {
    value = value * base + digit_value(next());
  }
  return value;
}

char32_t Scanner::hexadecimal() {
  const bool braces = take(U'{');
  if (!is_digit(peek(), 16)) fail_here("expected a hexadecimal digit");
  const char32_t value = digits(16, braces ? 8 : 2);
  if (braces) {
    expect(U'}');
  } else if (value >= 0x80) {
    fail_here("a byte above 0x7F, expected \\x{...}");
  }
  if (value > kLastCharacter || (value >= 0xD800 && value < 0xE000)) fail_here("no character");
  return value;
}

char32_t Scanner::character_escape() {
  const char32_t name = next();
  switch (name) {
    case U't':
      return U'\t';
    case U'n':
      return U'\n';
    case U'r':
      return U'\r';
    case U'f':
      return U'\f';
    case U'v':
      return U'\v';
    case U'a':
      return U'\a';
    case U'e':
      return 0x1B;
    case U'x':
      return hexadecimal();
    case U'u': {
      const std::size_t start = at_;
      const char32_t value = digits(16, 4);
      if (at_ != start + 4 || (value >= 0xD800 && value < 0xE000)) fail_here("no \\uHHHH");
      return value;
    }
    case U'c':
      return next() & 0x9F;
    case U'C':
    case U'M':
    case U'X':
    case U'y':
    case U'Y':
      fail_here(fmt::format("\\{} is not supported", static_cast<char>(name)));
    case U'k':
    case U'g':
      if (peek() != U'<' && peek() != U'\'') return name;
      fail_here("back references and calls are not supported");
    default:
      break;
  }
  if (!is_digit(name, 10)) return name;
  if (name != U'0' && !is_digit(peek(), 8)) fail_here("back references are not supported");
  back();
  const char32_t value = digits(8, 3);
  if (value >= 0x80) fail_here("a byte above 0x7F, expected \\x{...}");
  return value;
}

std::u32string Scanner::plain_characters(std::size_t count) const {
  constexpr std::u32string_view kRepeats = U"*+?{";
  constexpr std::u32string_view kMeta = U"\\()[].^$|*+?{";
  std::u32string result;
  for (std::size_t i = at_; i < text_.size() && result.size() < count; ++i) {
    if (kMeta.find(text_[i]) != std::u32string_view::npos) break;
    if (i + 1 < text_.size() && kRepeats.find(text_[i + 1]) != std::u32string_view::npos) break;
    result += text_[i];
  }
  return result;
}

}  // namespace pellucid
