// SPDX-License-Identifier: Apache-2.0
// Metaspace: spaces become a visible character (usually U+2581), one is put before the text, and
// every one of them begins a piece.
#include "pellucid/text/metaspace.h"

#include <algorithm>

#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"

namespace pellucid {
namespace {

class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const Fields& fields)
      : settings_(read_metaspace(fields)), split_(fields.boolean("split", true)) {}

  void split(PreTokenized& parts) const override {
    std::u32string& characters = parts.text.characters;
    for (const Piece& piece : parts.pieces) {
      std::replace(characters.begin() + static_cast<std::ptrdiff_t>(piece.begin),
                   characters.begin() + static_cast<std::ptrdiff_t>(piece.end), U' ',
                   settings_.replacement);
    }
    prepend_to_pieces(parts, std::u32string_view(&settings_.replacement, 1),
                      [&](const Piece& piece) { return wants_prefix(parts.text, piece); });
    if (split_) cut(parts);
  }

 private:
  bool wants_prefix(const NormalizedText& text, const Piece& piece) const {
    if (settings_.scheme == MetaspaceSettings::Scheme::never) return false;
    if (text.characters[piece.begin] == settings_.replacement) return false;
    return settings_.scheme == MetaspaceSettings::Scheme::always ||
           text.origins[piece.begin].start == 0;
  }

  void cut(PreTokenized& parts) const {
    std::vector<Piece> pieces;
    pieces.reserve(parts.pieces.size());
    for (const Piece& piece : parts.pieces) {
      std::size_t begin = piece.begin;
      for (std::size_t i = piece.begin + 1; i < piece.end; ++i) {
        if (parts.text.characters[i] != settings_.replacement) continue;
        pieces.push_back({begin, i});
        begin = i;
      }
      if (begin < piece.end) pieces.push_back({begin, piece.end});
    }
    parts.pieces = std::move(pieces);
  }

  MetaspaceSettings settings_;
  bool split_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_metaspace(const Fields& fields) {
  return std::make_unique<Metaspace>(fields);
}

}  // namespace pellucid
