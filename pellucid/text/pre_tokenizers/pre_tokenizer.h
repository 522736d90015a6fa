// SPDX-License-Identifier: Apache-2.0
// Pre-tokenizers cut a normalized text into pieces that the model sees one by one; one file per
// component beside this one, one line each in pre_tokenizer.cpp.
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "pellucid/text/fields.h"
#include "pellucid/text/normalized_text.h"

namespace pellucid {

struct Piece {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Pieces lie in ascending order within the text; what is in no piece is dropped. A component that
/// changes characters writes a new text and new pieces.
struct PreTokenized {
  NormalizedText text;
  std::vector<Piece> pieces;

  explicit PreTokenized(NormalizedText normalized)
      : text(std::move(normalized)), pieces{{0, text.size()}} {}
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void split(PreTokenized& parts) const = 0;
};

std::unique_ptr<PreTokenizer> make_pre_tokenizer(const Fields& fields);

// Factories of the components, by file.
std::unique_ptr<PreTokenizer> make_bert_pre_tokenizer(const Fields& fields);
std::unique_ptr<PreTokenizer> make_byte_level_pre_tokenizer(const Fields& fields);
std::unique_ptr<PreTokenizer> make_char_delimiter_split(const Fields& fields);
std::unique_ptr<PreTokenizer> make_digits(const Fields& fields);
std::unique_ptr<PreTokenizer> make_fixed_length(const Fields& fields);
std::unique_ptr<PreTokenizer> make_metaspace(const Fields& fields);
std::unique_ptr<PreTokenizer> make_pre_tokenizer_sequence(const Fields& fields);
std::unique_ptr<PreTokenizer> make_punctuation(const Fields& fields);
std::unique_ptr<PreTokenizer> make_split(const Fields& fields);
std::unique_ptr<PreTokenizer> make_unicode_scripts(const Fields& fields);
std::unique_ptr<PreTokenizer> make_whitespace(const Fields& fields);
std::unique_ptr<PreTokenizer> make_whitespace_split(const Fields& fields);

/// Puts the prefix before every piece that is not empty and that the function takes, with the
/// origin of the piece's first character.
template <class WantsPrefix>
void prepend_to_pieces(PreTokenized& parts, std::u32string_view prefix,
                       const WantsPrefix& wants_prefix) {
  const auto wants = [&](const Piece& piece) {
    return piece.end > piece.begin && wants_prefix(piece);
  };
  if (std::none_of(parts.pieces.begin(), parts.pieces.end(), wants)) return;
  NormalizedText text;
  text.start = parts.text.start;
  text.reserve(parts.text.size() + prefix.size() * parts.pieces.size());
  for (Piece& piece : parts.pieces) {
    const std::size_t begin = text.size();
    if (wants(piece)) {
      text.characters += prefix;
      text.origins.insert(text.origins.end(), prefix.size(), parts.text.origins[piece.begin]);
    }
    text.append(parts.text, piece.begin, piece.end);
    piece = {begin, text.size()};
  }
  parts.text = std::move(text);
}

/// What a character does to the piece it stands in.
enum class Cut {
  inside,   ///< goes on with its neighbours
  alone,    ///< a piece of its own
  dropped,  ///< in no piece
};

/// Cuts every piece by a function from a character to Cut.
template <class CutOf>
void split_by_character(PreTokenized& parts, const CutOf& cut_of) {
  std::vector<Piece> pieces;
  pieces.reserve(parts.text.size() / 4 + parts.pieces.size());
  for (const Piece& piece : parts.pieces) {
    std::size_t begin = piece.begin;
    const auto close = [&pieces, &begin](std::size_t end) {
      if (end > begin) pieces.push_back({begin, end});
    };
    for (std::size_t i = piece.begin; i < piece.end; ++i) {
      const Cut cut = cut_of(parts.text.characters[i]);
      if (cut == Cut::inside) continue;
      close(i);
      if (cut == Cut::alone) pieces.push_back({i, i + 1});
      begin = i + 1;
    }
    close(piece.end);
  }
  parts.pieces = std::move(pieces);
}

}  // namespace pellucid
