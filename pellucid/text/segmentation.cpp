// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/segmentation.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <string>

#include "pellucid/text/characters.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

constexpr std::u32string_view kEnd = U".!?\u2026";
constexpr std::u32string_view kSoft = U",;:\u2014\u2013";
constexpr std::u32string_view kCjkEnd = U"\u3002\uFF01\uFF1F";
constexpr std::u32string_view kCjkSoft = U"\u3001\uFF0C\uFF1B\uFF1A";
constexpr std::u32string_view kClose = U"\"')]}\u00BB\u201D\u2019";
constexpr std::u32string_view kCjkClose = U"\u300D\u300F\uFF09";
constexpr std::u32string_view kWordStart =
    U"([{\"\u201C\u2018'";  // where a word begins, beside white space

// Without the last dot, lower case, sorted.
constexpr std::array<std::string_view, 85> kAbbreviations = {
    "a.m", "al",   "approx", "apr",  "aug", "ave",  "b.a",  "b.sc", "blvd", "bros", "capt",
    "cf",  "co",   "col",    "corp", "d.c", "dec",  "dept", "dr",   "e.g",  "e.u",  "ed",
    "eds", "env",  "eq",     "est",  "etc", "ex",   "feb",  "fig",  "figs", "fri",  "gen",
    "gov", "hon",  "i.e",    "inc",  "jan", "jr",   "jul",  "jun",  "lt",   "ltd",  "m.a",
    "m.d", "m.sc", "mar",    "max",  "min", "mon",  "mr",   "mrs",  "ms",   "mt",   "nb",
    "no",  "nos",  "nov",    "oct",  "p.m", "ph.d", "pp",   "pres", "prof", "rd",   "ref",
    "rep", "resp", "rev",    "sat",  "sen", "sep",  "sept", "sgt",  "sr",   "st",   "sun",
    "thu", "tue",  "u.k",    "u.n",  "u.s", "vol",  "vs",   "wed"};
// Those of them that end a sentence before a capital letter.
constexpr std::array<std::string_view, 10> kEnding = {"a.m", "co",  "corp", "e.u", "etc",
                                                      "inc", "ltd", "p.m",  "u.k", "u.s"};

bool is_one_of(std::u32string_view set, char32_t character) {
  return set.find(character) != std::u32string_view::npos;
}
bool is_space(char32_t character) { return CharacterTable::instance().has(character, kWhiteSpace); }
bool is_upper(char32_t character) { return u_isUUppercase(static_cast<UChar32>(character)) != 0; }
bool is_lower(char32_t character) { return u_isULowercase(static_cast<UChar32>(character)) != 0; }
bool is_digit(char32_t character) { return u_isdigit(static_cast<UChar32>(character)) != 0; }

template <class Names>
bool is_in(const Names& names, std::string_view word) {
  return std::binary_search(names.begin(), names.end(), word);
}

std::u32string lowered(std::u32string_view word) {
  std::u32string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower;
}

/// One pass from left to right over a text.
class Cutter {
 public:
  enum class Level { paragraph, sentence, phrase };

  Cutter(std::u32string_view text, Level level, const Abbreviations& abbreviations)
      : text_(text), level_(level), abbreviations_(abbreviations) {}

  std::vector<Span> cut() {
    std::size_t at = 0;
    while (at < text_.size()) {
      const char32_t character = text_[at];
      if (character == U'\n' && skip_paragraph_break(at)) continue;
      if (level_ == Level::paragraph) {
        ++at;
      } else if (is_one_of(kCjkEnd, character) ||
                 (level_ == Level::phrase && is_one_of(kCjkSoft, character))) {
        ++at;
        while (at < text_.size() && is_cjk_follower(text_[at])) ++at;
        close(at);
      } else if (is_end(character)) {
        end_run(at);
      } else {
        ++at;
      }
    }
    close(text_.size());
    return std::move(spans_);
  }

 private:
  bool is_end(char32_t character) const {
    return is_one_of(kEnd, character) || (level_ == Level::phrase && is_one_of(kSoft, character));
  }
  static bool is_cjk_follower(char32_t character) {
    return is_one_of(kCjkEnd, character) || is_one_of(kClose, character) ||
           is_one_of(kCjkClose, character);
  }

  /// Ends the span at `end`, trimmed.
  void close(std::size_t end) {
    std::size_t begin = start_;
    start_ = end;
    while (begin < end && is_space(text_[begin])) ++begin;
    while (end > begin && is_space(text_[end - 1])) --end;
    if (begin < end) {
      spans_.push_back({static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)});
    }
  }

  /// At a line break: if an empty line follows, ends the span and moves behind the white space.
  bool skip_paragraph_break(std::size_t& at) {
    std::size_t next = at + 1;
    while (next < text_.size() &&
           (text_[next] == U' ' || text_[next] == U'\t' || text_[next] == U'\r')) {
      ++next;
    }
    if (next >= text_.size() || text_[next] != U'\n') return false;
    close(at);
    while (next < text_.size() && is_space(text_[next])) ++next;
    at = next;
    return true;
  }

  /// A run of end marks and what closes behind it.
  void end_run(std::size_t& at) {
    std::size_t run_end = at;
    while (run_end < text_.size() && is_end(text_[run_end])) ++run_end;
    std::size_t end = run_end;
    while (end < text_.size() && is_one_of(kClose, text_[end])) ++end;
    if (end == text_.size() || is_space(text_[end])) {
      std::size_t next = end;
      while (next < text_.size() && is_space(text_[next])) ++next;
      const char32_t following = next < text_.size() ? text_[next] : U'\0';
      if (!is_held(text_.substr(at, run_end - at), at, following)) close(end);
    }
    at = end;
  }

  /// True if the run of marks does not end the sentence after all.
  bool is_held(std::u32string_view run, std::size_t at, char32_t following) const {
    if (run == U".") return is_abbreviation(at, following);
    const bool dots = run.find_first_not_of(U".\u2026") == std::u32string_view::npos;
    return dots && is_lower(following);
  }

  /// About the word that stands before the dot at `at`.
  bool is_abbreviation(std::size_t at, char32_t following) const {
    std::size_t begin = at;
    while (begin > start_ && !is_space(text_[begin - 1]) &&
           !is_one_of(kWordStart, text_[begin - 1])) {
      --begin;
    }
    const std::u32string_view word = text_.substr(begin, at - begin);
    if (word.empty()) return false;
    if (std::all_of(word.begin(), word.end(), is_digit)) {
      return std::all_of(text_.begin() + static_cast<std::ptrdiff_t>(start_),
                         text_.begin() + static_cast<std::ptrdiff_t>(begin), is_space);
    }
    if (word.size() > abbreviations_.longest()) return false;
    const std::string name = encode_utf8(lowered(word));
    if (is_upper(following) && is_in(kEnding, name)) return false;
    const bool is_initial = word.size() == 1 && is_upper(word[0]) && word[0] != U'I';
    return is_initial || abbreviations_.has(name);
  }

  std::u32string_view text_;
  Level level_;
  const Abbreviations& abbreviations_;
  std::size_t start_ = 0;  // of the span that is open
  std::vector<Span> spans_;
};

}  // namespace

Abbreviations::Abbreviations(const std::vector<std::string>& more) {
  for (const std::string& word : more) {
    std::u32string lower = lowered(decode_utf8(word, "an abbreviation"));
    if (lower.ends_with(U'.')) lower.pop_back();
    if (lower.empty()) continue;
    longest_ = std::max(longest_, lower.size());
    more_.push_back(encode_utf8(lower));
  }
  std::sort(more_.begin(), more_.end());
}

bool Abbreviations::has(std::string_view word) const {
  return is_in(kAbbreviations, word) || is_in(more_, word);
}

std::vector<Span> sentence_spans(std::u32string_view text, const Abbreviations& abbreviations) {
  return Cutter(text, Cutter::Level::sentence, abbreviations).cut();
}

std::vector<Span> phrase_spans(std::u32string_view text, const Abbreviations& abbreviations) {
  return Cutter(text, Cutter::Level::phrase, abbreviations).cut();
}

std::vector<Span> paragraph_spans(std::u32string_view text) {
  const Abbreviations none;
  return Cutter(text, Cutter::Level::paragraph, none).cut();
}

}  // namespace pellucid
