// SPDX-License-Identifier: Apache-2.0
// Whitespace: runs of word characters and runs of other characters (\w+|[^\w\s]+). WhitespaceSplit:
// runs of both.
#include "pellucid/text/characters.h"
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"

namespace pellucid {
namespace {

class WhitespaceSplit : public PreTokenizer {
 public:
  void split(PreTokenized& parts) const override {
    const CharacterTable& table = CharacterTable::instance();
    split_by_character(parts, [&table](char32_t character) {
      return table.has(character, kWhiteSpace) ? Cut::dropped : Cut::inside;
    });
  }
};

class Whitespace : public PreTokenizer {
 public:
  void split(PreTokenized& parts) const override {
    WhitespaceSplit().split(parts);
    const CharacterTable& table = CharacterTable::instance();
    std::vector<Piece> pieces;
    for (const Piece& piece : parts.pieces) {
      std::size_t begin = piece.begin;
      for (std::size_t i = piece.begin + 1; i <= piece.end; ++i) {
        const auto is_word = [&](std::size_t at) {
          return table.has(parts.text.characters[at], kWord);
        };
        if (i < piece.end && is_word(i) == is_word(i - 1)) continue;
        pieces.push_back({begin, i});
        begin = i;
      }
    }
    parts.pieces = std::move(pieces);
  }
};

}  // namespace

std::unique_ptr<PreTokenizer> make_whitespace(const Fields&) {
  return std::make_unique<Whitespace>();
}
std::unique_ptr<PreTokenizer> make_whitespace_split(const Fields&) {
  return std::make_unique<WhitespaceSplit>();
}

}  // namespace pellucid
