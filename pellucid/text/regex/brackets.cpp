// SPDX-License-Identifier: Apache-2.0
// Bracket expressions and class escapes: [a-z], [^...], [[:alpha:]], [a[bc]], [a-z&&[^x]], \w,
// \p{...}.
#include <fmt/format.h>

#include "pellucid/base/spelling.h"
#include "pellucid/text/regex/classes.h"
#include "pellucid/text/regex/scanner.h"
#include "pellucid/text/unicode.h"

namespace pellucid {

std::optional<ClassAtom> Scanner::class_escape() {
  const char32_t name = peek();
  const char32_t lower = name | 0x20;
  if (lower == U'p' && at_ + 1 < text_.size() && text_[at_ + 1] == U'{') {
    at_ += 2;
    const bool negated = take(U'^') != (name == U'P');
    const std::size_t close = text_.find(U'}', at_);
    if (close == std::u32string::npos) fail_here("a property without }");
    const std::string property = encode_utf8(std::u32string_view(text_).substr(at_, close - at_));
    const auto set = property_set(property);
    if (!set) fail_here(fmt::format("no property {}", quote(property)));
    at_ = close + 1;
    return ClassAtom{*set, negated, false};
  }
  if (lower != U'w' && lower != U's' && lower != U'd' && lower != U'h') return std::nullopt;
  next();
  const char* property = lower == U'w'   ? "word"
                         : lower == U's' ? "white_space"
                         : lower == U'd' ? "nd"
                                         : "ascii_hex_digit";
  return ClassAtom{property_set(property).value(), name != lower, false};
}

/// A ] that comes first is a literal if the bracket closes later.
bool Scanner::closes_later() const { return text_.find(U']', at_) != std::u32string::npos; }

ClassAtom Scanner::bracket() {
  if (++depth_ > 100) fail_here("brackets nested too deep");
  ClassAtom result;
  result.negated = take(U'^');
  std::optional<CharacterSet> intersection;
  CharacterSet set;
  if (take(U']')) {
    if (!closes_later()) fail_here("an empty class");
    range_from(U']', set);
  }
  for (;;) {
    if (done()) fail_here("a [ without ]");
    if (take(U']')) break;
    if (take(U"&&")) {
      intersection = intersection ? *intersection & set : set;
      set = {};
    } else if (!item(set)) {
      range_from(next(), set);
    }
  }
  result.set = intersection ? *intersection & set : set;
  --depth_;
  return result;
}

/// A class inside a bracket; false if a single character stands here.
bool Scanner::item(CharacterSet& set) {
  std::optional<CharacterSet> found;
  bool type = true;  // cannot begin a range
  if (take(U'[')) {
    found = posix_bracket();
    type = found.has_value();
    if (!found) found = bracket().value();
  } else if (peek() == U'\\') {
    next();
    if (const auto atom = class_escape()) {
      found = atom->value();
    } else {
      back();
    }
  }
  if (!found) return false;
  set = set | *found;
  if (type && peek() == U'-' && at_ + 1 < text_.size() && text_[at_ + 1] != U']') {
    fail_here("a range that begins with a class");
  }
  return true;
}

/// Behind "[": [:alpha:] or [:^alpha:].
std::optional<CharacterSet> Scanner::posix_bracket() {
  if (peek() != U':') return std::nullopt;
  const std::size_t close = text_.find(U":]", at_ + 1);
  if (close == std::u32string::npos || close - at_ > 20) return std::nullopt;
  ++at_;
  const bool negated = take(U'^');
  const std::string name = encode_utf8(std::u32string_view(text_).substr(at_, close - at_));
  const auto set = bracket_set(name);
  if (!set) fail_here(fmt::format("no class {}", quote("[:" + name + ":]")));
  at_ = close + 2;
  return negated ? set->complement() : *set;
}

/// A character just read, or the range that it begins.
void Scanner::range_from(char32_t first, CharacterSet& set) {
  const auto read = [this](char32_t character) {
    if (character != U'\\') return character;
    if (take(U'b')) return U'\b';
    return character_escape();
  };
  first = read(first);
  const std::u32string_view rest = std::u32string_view(text_).substr(at_);
  const bool range = rest.size() > 1 && rest[0] == U'-' && rest[1] != U']' && rest[1] != U'[' &&
                     rest.substr(1, 2) != U"&&";
  if (!range) return set.add(first, first);
  next();
  if (take(U'\\')) {
    if (class_escape()) fail_here("a range that ends with a class");
    back();
  }
  const char32_t last = read(next());
  if (last < first) fail_here("a range whose end comes before its beginning");
  set.add(first, last);
}

}  // namespace pellucid
