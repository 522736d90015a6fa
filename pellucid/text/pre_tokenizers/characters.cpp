// SPDX-License-Identifier: Apache-2.0
// Pre-tokenizers that cut at single characters: Punctuation, Digits (every number character alone,
// or runs of them), CharDelimiterSplit (the delimiter is dropped), FixedLength (every so many
// characters).
#include "pellucid/text/characters.h"

#include <algorithm>

#include "pellucid/text/metaspace.h"
#include "pellucid/text/pre_tokenizers/found.h"

namespace pellucid {
namespace {

class Punctuation : public PreTokenizer {
 public:
  explicit Punctuation(const Fields& fields)
      : behavior_(fields.has("behavior") ? read_behavior(fields) : Behavior::isolated) {}

  void split(PreTokenized& parts) const override {
    const CharacterTable& table = CharacterTable::instance();
    split_by_predicate(parts, behavior_,
                       [&table](char32_t c) { return table.has(c, kPunctuation); });
  }

 private:
  Behavior behavior_;
};

class Digits : public PreTokenizer {
 public:
  explicit Digits(const Fields& fields)
      : behavior_(fields.boolean("individual_digits") ? Behavior::isolated : Behavior::contiguous) {
  }

  void split(PreTokenized& parts) const override {
    const CharacterTable& table = CharacterTable::instance();
    split_by_predicate(parts, behavior_, [&table](char32_t c) { return table.has(c, kNumeric); });
  }

 private:
  Behavior behavior_;
};

class CharDelimiterSplit : public PreTokenizer {
 public:
  explicit CharDelimiterSplit(const Fields& fields)
      : delimiter_(read_character(fields, "delimiter")) {}

  void split(PreTokenized& parts) const override {
    split_by_predicate(parts, Behavior::removed, [this](char32_t c) { return c == delimiter_; });
  }

 private:
  char32_t delimiter_;
};

class FixedLength : public PreTokenizer {
 public:
  explicit FixedLength(const Fields& fields) {
    const std::int64_t length = fields.optional_integer("length").value_or(5);
    if (length < 1) fields.fail_field("length", "1 or more");
    length_ = static_cast<std::size_t>(length);
  }

  void split(PreTokenized& parts) const override {
    std::vector<Piece> pieces;
    for (const Piece& piece : parts.pieces) {
      for (std::size_t begin = piece.begin; begin < piece.end;) {
        const std::size_t end = begin + std::min(length_, piece.end - begin);
        pieces.push_back({begin, end});
        begin = end;
      }
    }
    parts.pieces = std::move(pieces);
  }

 private:
  std::size_t length_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_punctuation(const Fields& fields) {
  return std::make_unique<Punctuation>(fields);
}
std::unique_ptr<PreTokenizer> make_digits(const Fields& fields) {
  return std::make_unique<Digits>(fields);
}
std::unique_ptr<PreTokenizer> make_char_delimiter_split(const Fields& fields) {
  return std::make_unique<CharDelimiterSplit>(fields);
}
std::unique_ptr<PreTokenizer> make_fixed_length(const Fields& fields) {
  return std::make_unique<FixedLength>(fields);
}

}  // namespace pellucid
