// SPDX-License-Identifier: Apache-2.0
// Scanner: the characters of a regular expression and those parts of Oniguruma's syntax that hold
// no other expressions: repetitions, escapes, brackets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pellucid/text/regex/character_set.h"

namespace pellucid {

struct Repeat {
  std::uint32_t least = 0;
  std::optional<std::uint32_t> most;  ///< none: no limit
  std::string_view mode;              ///< "", "?" (few), "+" (possessive)

  std::string text() const;  ///< as PCRE2 writes it
};

/// A class before case is ignored and before it is negated.
struct ClassAtom {
  CharacterSet set;
  bool negated = false;
  bool has_case = true;  ///< false: \w, \p{...} hold what they hold, with case or without

  CharacterSet value() const { return negated ? set.complement() : set; }
};

class Scanner {
 public:
  Scanner(std::string_view pattern, std::string_view place);

  bool done() const { return at_ >= text_.size(); }
  char32_t peek() const { return done() ? U'\0' : text_[at_]; }
  char32_t next();
  void back() { --at_; }
  bool take(char32_t character);
  bool take(std::u32string_view characters);
  void expect(char32_t character);
  void skip(std::size_t count) { at_ += count; }
  void skip_name();  ///< of a group, up to its > or '

  std::optional<Repeat> repeat();
  ClassAtom bracket();                      ///< behind its [
  std::optional<ClassAtom> class_escape();  ///< behind a backslash: \w \s \d \h \p
  char32_t character_escape();              ///< behind a backslash: every other character
  /// Up to `count` characters from here on that are literal and not repeated; none if the character
  /// before is repeated.
  std::u32string plain_characters(std::size_t count) const;

  [[noreturn]] void fail_here(std::string_view what) const;

 private:
  std::optional<Repeat> interval();
  std::optional<std::uint32_t> number();
  char32_t digits(std::uint32_t base, std::size_t most);
  char32_t hexadecimal();
  bool item(CharacterSet& set);
  std::optional<CharacterSet> posix_bracket();
  bool closes_later() const;
  void range_from(char32_t first, CharacterSet& set);

  std::u32string text_;
  std::string_view pattern_;
  std::string_view place_;
  std::size_t at_ = 0;
  int depth_ = 0;  // of brackets
};

}  // namespace pellucid
