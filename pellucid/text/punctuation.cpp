// SPDX-License-Identifier: Apache-2.0
// A quotation mark opens or closes by what stands around it: Unicode's categories alone do not say,
// since “ opens in English and closes in German, and " does both everywhere.
#include "pellucid/text/punctuation.h"

#include <unicode/uchar.h>

#include <algorithm>

namespace pellucid {
namespace {

enum class Kind { word, opening, closing, initial, final_or_straight };

Kind kind_of(const Span& word, std::u32string_view characters) {
  const auto part = characters.substr(static_cast<std::size_t>(word.start),
                                      static_cast<std::size_t>(word.size()));
  const bool is_mark = std::all_of(part.begin(), part.end(), [](char32_t character) {
    return u_ispunct(static_cast<UChar32>(character)) != 0;
  });
  if (!is_mark || part.empty()) return Kind::word;
  if (part[0] == U'"' || part[0] == U'\'') return Kind::final_or_straight;
  if (part[0] == U'\u00BF' || part[0] == U'\u00A1') return Kind::opening;  // Spanish
  switch (u_charType(static_cast<UChar32>(part[0]))) {
    case U_START_PUNCTUATION:
      return Kind::opening;
    case U_INITIAL_PUNCTUATION:
      return Kind::initial;
    case U_FINAL_PUNCTUATION:
      return Kind::final_or_straight;
    default:
      return Kind::closing;
  }
}

class Attaching {
 public:
  Attaching(const std::vector<Span>& words, std::u32string_view characters) : words_(words) {
    for (const Span& word : words) kinds_.push_back(kind_of(word, characters));
    for (std::size_t i = 0; i < words.size(); ++i) decide(i);
  }

  std::vector<Span> run() const {
    const std::size_t size = words_.size();
    std::vector<bool> joins_next(size + 1);  // word i and the next are one
    for (std::size_t i = size; i-- > 0;) {
      joins_next[i] = kinds_[i] == Kind::opening && touches_next(i) &&
                      (kinds_[i + 1] == Kind::word || joins_next[i + 1]);
    }
    std::vector<bool> has_word(size);  // a word is in what ends with i
    std::vector<Span> result;
    for (std::size_t i = 0; i < size; ++i) {
      const bool touches = i > 0 && touches_next(i - 1);
      const bool joins =
          touches && (joins_next[i - 1] || (kinds_[i] == Kind::closing && has_word[i - 1]));
      has_word[i] = kinds_[i] == Kind::word || joins;
      if (joins) {
        result.back().end = words_[i].end;
      } else {
        result.push_back(words_[i]);
      }
    }
    return result;
  }

 private:
  bool touches_next(std::size_t i) const {
    return i + 1 < words_.size() && words_[i].end == words_[i + 1].start;
  }

  /// Makes a quotation mark opening or closing; those before it are decided.
  void decide(std::size_t i) {
    if (kinds_[i] == Kind::initial) {
      const bool before_word = touches_next(i) && kinds_[i + 1] != Kind::closing;
      kinds_[i] = before_word ? Kind::opening : Kind::closing;
    } else if (kinds_[i] == Kind::final_or_straight) {
      const bool after_word = i > 0 && touches_next(i - 1) && kinds_[i - 1] != Kind::opening;
      kinds_[i] = !after_word && touches_next(i) ? Kind::opening : Kind::closing;
    }
  }

  const std::vector<Span>& words_;
  std::vector<Kind> kinds_;
};

}  // namespace

std::vector<Span> with_punctuation(Punctuation how, std::vector<Span> words,
                                   std::u32string_view characters) {
  if (how == Punctuation::own) return words;
  if (how == Punctuation::attach) return Attaching(words, characters).run();
  std::erase_if(words, [&](const Span& word) { return kind_of(word, characters) != Kind::word; });
  return words;
}

}  // namespace pellucid
