// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/regex/oniguruma.h"

#include <algorithm>
#include <optional>

#include "pellucid/text/regex/case_folding.h"
#include "pellucid/text/regex/caseless.h"
#include "pellucid/text/regex/classes.h"
#include "pellucid/text/regex/scanner.h"

namespace pellucid {
namespace {

struct Options {
  bool ignore_case = false;
  bool dot_all = false;
  bool extended = false;
};

/// Reads alternatives, then sequences, then atoms with their repetitions. A group captures nothing:
/// only the whole match is asked for.
class Parser {
 public:
  Parser(std::string_view pattern, std::string_view place) : scan_(pattern, place) {}

  RegexParts parse() {
    alternatives({}, 0);
    if (!scan_.done()) scan_.fail_here("unmatched )");
    return std::move(parts_);
  }

 private:
  static constexpr int kDeepest = 200;

  void alternatives(Options options, int depth) {
    if (depth > kDeepest) scan_.fail_here("groups nested too deep");
    sequence(options, depth);
    while (scan_.take(U'|')) {
      parts_.add("|");
      sequence(options, depth);
    }
  }

  void sequence(Options options, int depth) {
    while (!scan_.done() && scan_.peek() != U'|' && scan_.peek() != U')') {
      if (options.extended && skip_extended()) continue;
      const Mark start = mark();
      if (!atom(options, depth)) continue;
      repetitions(start, options.extended);
    }
  }

  // White space and comments of (?x).
  bool skip_extended() {
    const char32_t next = scan_.peek();
    if (next == U'#') {
      while (!scan_.done() && scan_.next() != U'\n') continue;
      return true;
    }
    if (next != U' ' && !(next >= U'\t' && next <= U'\r')) return false;
    scan_.next();
    return true;
  }

  /// Where the last atom begins in the parts, so that it can be wrapped.
  struct Mark {
    std::size_t literal;
    std::size_t offset;
  };
  Mark mark() const { return {parts_.literals.size() - 1, parts_.literals.back().size()}; }
  void wrap(const Mark& from) {
    parts_.literals[from.literal].insert(from.offset, "(?:");
    parts_.add(")");
  }

  /// Every repetition applies to the atom with the ones before: a{2}+ is (?:a{2})+.
  void repetitions(const Mark& from, bool extended) {
    for (int count = 0;; ++count) {
      while (extended && !scan_.done() && skip_extended()) continue;
      const std::optional<Repeat> repeat = scan_.repeat();
      if (!repeat) return;
      if (!repeatable_) scan_.fail_here("the target of a repetition is no character or group");
      if (count > 8) scan_.fail_here("too many repetitions of one thing");
      if (count > 0) wrap(from);
      parts_.add(repeat->text());
    }
  }

  /// False where nothing was written that can be repeated (comments, options).
  bool atom(Options& options, int depth) {
    repeatable_ = true;
    const char32_t next = scan_.next();
    switch (next) {
      case U'(':
        return group(options, depth);
      case U'[':
        add_class(scan_.bracket(), options);
        return true;
      case U'.':
        parts_.add(options.dot_all ? CharacterSet::all() : CharacterSet(U'\n').complement());
        return true;
      case U'^':
        anchor("(?:\\A|(?<=", CharacterSet(U'\n'), ")(?!\\z))");
        return true;
      case U'$':
        anchor("(?=", CharacterSet(U'\n'), "|\\z)");
        return true;
      case U'\\':
        escape(options);
        return true;
      case U'*':
      case U'+':
      case U'?':
        scan_.fail_here("nothing to repeat");
      default:
        scan_.back();
        if (scan_.repeat()) scan_.fail_here("nothing to repeat");
        literals(scan_.next(), options);
        return true;
    }
  }

  void anchor(std::string_view before, const CharacterSet& set, std::string_view after) {
    parts_.add(before);
    parts_.add(set);
    parts_.add(after);
    repeatable_ = false;
  }

  // (?:...) (?=...) (?i) (?<name>...) ...; false for what writes nothing to repeat.
  bool group(Options& options, int depth) {
    std::string_view open = "(?:";
    Options inner = options;
    if (scan_.take(U"?#")) {
      while (!scan_.done() && scan_.peek() != U')') scan_.next();
      scan_.expect(U')');
      return false;
    }
    bool assertion = false;
    if (scan_.take(U"?:")) {
    } else if (scan_.take(U"?=")) {
      open = "(?=", assertion = true;
    } else if (scan_.take(U"?!")) {
      open = "(?!", assertion = true;
    } else if (scan_.take(U"?<=")) {
      open = "(?<=", assertion = true;
    } else if (scan_.take(U"?<!")) {
      open = "(?<!", assertion = true;
    } else if (scan_.take(U"?>")) {
      open = "(?>";
    } else if (scan_.take(U"?<") || scan_.take(U"?'")) {
      scan_.skip_name();
    } else if (scan_.take(U"?")) {
      if (!read_options(inner)) {
        // (?i) alone holds to the end of the group around it, with all its alternatives.
        parts_.add("(?:");
        alternatives(inner, depth + 1);
        parts_.add(")");
        return false;
      }
    }
    parts_.add(open);
    alternatives(inner, depth + 1);
    scan_.expect(U')');
    parts_.add(")");
    repeatable_ = !assertion;
    return true;
  }

  /// After "(?": true for (?i: with a colon.
  bool read_options(Options& options) {
    bool value = true;
    for (;;) {
      switch (scan_.next()) {
        case U'-':
          value = false;
          break;
        case U'i':
          options.ignore_case = value;
          break;
        case U'm':
          options.dot_all = value;
          break;
        case U'x':
          options.extended = value;
          break;
        case U':':
          return true;
        case U')':
          return false;
        default:
          scan_.fail_here("a group option that is not supported, expected i, m or x");
      }
    }
  }

  void escape(const Options& options) {
    if (scan_.done()) scan_.fail_here("ends with a backslash");
    const char32_t name = scan_.peek();
    switch (name) {
      case U'b':
      case U'B':
        scan_.next();
        return boundary(property_set("word").value(), name == U'b');
      case U'A':
      case U'z':
      case U'G':
      case U'K':
        scan_.next();
        parts_.add(std::string("\\") + static_cast<char>(name));
        repeatable_ = false;
        return;
      case U'Z':
        scan_.next();
        return anchor("(?=", CharacterSet(U'\n'), "?\\z)");
      case U'R':
        scan_.next();
        return line_break();
      case U'O':
        scan_.next();
        return parts_.add(CharacterSet::all());
      case U'N':
        scan_.next();
        return parts_.add(CharacterSet(U'\n').complement());
      default:
        break;
    }
    if (const auto set = scan_.class_escape()) return add_class(*set, options);
    literals(scan_.character_escape(), options);
  }

  void boundary(const CharacterSet& word, bool is_one) {
    const auto side = [&](std::string_view behind, std::string_view ahead) {
      parts_.add(behind);
      parts_.add(word);
      anchor(ahead, word, ")");
    };
    parts_.add("(?:");
    side("(?<=", is_one ? ")(?!" : ")(?=");
    parts_.add("|");
    side("(?<!", is_one ? ")(?=" : ")(?!");
    parts_.add(")");
  }

  void line_break() {
    parts_.add("(?>");
    parts_.add(CharacterSet(U'\r'));
    parts_.add(CharacterSet(U'\n'));
    parts_.add("|");
    CharacterSet breaks(U'\n', U'\r');
    breaks.add(0x85, 0x85);
    breaks.add(0x2028, 0x2029);
    parts_.add(breaks);
    parts_.add(")");
  }

  void add_class(const ClassAtom& atom, const Options& options) {
    if (options.ignore_case && atom.has_case) return add_caseless(atom, parts_);
    parts_.add(atom.value());
  }

  void literals(char32_t first, const Options& options) {
    if (!options.ignore_case) return parts_.add(CharacterSet(first));
    literals_without_case(first);
  }

  // As many characters as belong together: "ss" is one sequence for U+00DF unless "s" is repeated.
  void literals_without_case(char32_t first) {
    std::u32string folded = fold_string(first);
    std::size_t taken = 0;
    const std::u32string more = scan_.plain_characters(2);
    for (; taken < more.size() && folded.size() < 3; ++taken) {
      const std::u32string longer = folded + fold_string(more[taken]);
      if (!begins_sequence(longer)) break;
      folded = longer;
    }
    while (taken > 0 && !holds_sequence(folded)) {
      folded.resize(folded.size() - fold_string(more[--taken]).size());
    }
    scan_.skip(taken);
    add_caseless(folded, parts_);
  }

  Scanner scan_;
  RegexParts parts_;
  bool repeatable_ = true;
};

}  // namespace

void RegexParts::add(const CharacterSet& set) {
  const auto found = std::find(sets.begin(), sets.end(), set);
  set_of.push_back(static_cast<std::size_t>(found - sets.begin()));
  if (found == sets.end()) sets.push_back(set);
  literals.emplace_back();
}

RegexParts parse_oniguruma(std::string_view pattern, std::string_view place) {
  return Parser(pattern, place).parse();
}

}  // namespace pellucid
