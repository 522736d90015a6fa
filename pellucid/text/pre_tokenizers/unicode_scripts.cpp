// SPDX-License-Identifier: Apache-2.0
// UnicodeScripts: cuts where the script changes. Spaces and unassigned characters join what is
// before them; at the beginning, where there is nothing to join, they are dropped, as in the
// library.
#include "pellucid/text/characters.h"
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"

namespace pellucid {
namespace {

class UnicodeScripts : public PreTokenizer {
 public:
  void split(PreTokenized& parts) const override {
    std::vector<Piece> pieces;
    for (const Piece& piece : parts.pieces) {
      std::size_t begin = piece.begin;
      int last = -1;
      for (std::size_t i = piece.begin; i < piece.end; ++i) {
        const int script = script_of(parts.text.characters[i]);
        if (script < 0) continue;
        if (script != last) {
          if (last >= 0) pieces.push_back({begin, i});
          begin = i;
        }
        last = script;
      }
      if (last >= 0) pieces.push_back({begin, piece.end});
    }
    parts.pieces = std::move(pieces);
  }
};

}  // namespace

std::unique_ptr<PreTokenizer> make_unicode_scripts(const Fields&) {
  return std::make_unique<UnicodeScripts>();
}

}  // namespace pellucid
