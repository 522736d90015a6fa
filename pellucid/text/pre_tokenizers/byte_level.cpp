// SPDX-License-Identifier: Apache-2.0
// ByteLevel: puts a space before every piece that has none, cuts by GPT-2's pattern and writes
// every byte as one character.
#include <algorithm>

#include "pellucid/text/byte_characters.h"
#include "pellucid/text/gpt2_pattern.h"
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"

namespace pellucid {
namespace {

class ByteLevelPreTokenizer : public PreTokenizer {
 public:
  explicit ByteLevelPreTokenizer(const Fields& fields)
      : prefix_(fields.boolean("add_prefix_space")), cut_(fields.boolean("use_regex", true)) {
    fields.boolean("trim_offsets");  // of the post-processor; must be there
  }

  void split(PreTokenized& parts) const override {
    if (prefix_) {
      prepend_to_pieces(parts, U" ", [&parts](const Piece& piece) {
        return parts.text.characters[piece.begin] != U' ';
      });
    }
    if (cut_) {
      std::vector<Piece> pieces;
      pieces.reserve(parts.text.size() / 4 + 1);
      for (const Piece& piece : parts.pieces) cut_gpt2(parts.text.characters, piece, pieces);
      parts.pieces = std::move(pieces);
    }
    write_bytes(parts);
  }

 private:
  static void write_bytes(PreTokenized& parts) {
    std::u32string& characters = parts.text.characters;
    const auto is_ascii = [](char32_t character) { return character < 0x80; };
    if (std::all_of(characters.begin(), characters.end(), is_ascii)) {
      for (char32_t& character : characters) character = kByteCharacters[character];
      return;
    }
    NormalizedText text;
    text.start = parts.text.start;
    text.reserve(characters.size() + characters.size() / 2);
    for (Piece& piece : parts.pieces) {
      const std::size_t begin = text.size();
      for (std::size_t i = piece.begin; i < piece.end; ++i) {
        const Utf8 utf8 = utf8_of(characters[i]);
        for (std::size_t k = 0; k < utf8.size; ++k) {
          text.push_back(kByteCharacters[utf8.bytes[k]], parts.text.origins[i]);
        }
      }
      piece = {begin, text.size()};
    }
    parts.text = std::move(text);
  }

  bool prefix_;
  bool cut_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_byte_level_pre_tokenizer(const Fields& fields) {
  return std::make_unique<ByteLevelPreTokenizer>(fields);
}

}  // namespace pellucid
