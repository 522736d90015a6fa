// SPDX-License-Identifier: Apache-2.0
// From what was searched for in a piece to smaller pieces: the five behaviors of Split and
// Punctuation.
#pragma once

#include <vector>

#include "pellucid/text/fields.h"
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"
#include "pellucid/text/regex/regex.h"

namespace pellucid {

/// What becomes of a match: dropped; a piece; joined to the part before it or behind it (each takes
/// one match); joined to all matches that touch it.
enum class Behavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

/// From the field "behavior".
Behavior read_behavior(const Fields& fields);

/// Appends the pieces of a text that lies at `offset`.
void append_pieces(const std::vector<Found>& found, Behavior behavior, std::size_t offset,
                   std::vector<Piece>& pieces);

/// Cuts every piece by find(characters, found).
template <class Find>
void split_by(PreTokenized& parts, Behavior behavior, const Find& find) {
  std::vector<Piece> pieces;
  std::vector<Found> found;
  const std::u32string_view text = parts.text.characters;
  for (const Piece& piece : parts.pieces) {
    if (piece.end == piece.begin) continue;
    found.clear();
    find(text.substr(piece.begin, piece.end - piece.begin), found);
    append_pieces(found, behavior, piece.begin, pieces);
  }
  parts.pieces = std::move(pieces);
}

/// Cuts at the characters that the function takes, each a match of its own.
template <class IsMatch>
void split_by_predicate(PreTokenized& parts, Behavior behavior, const IsMatch& is_match) {
  split_by(parts, behavior, [&is_match](std::u32string_view text, std::vector<Found>& found) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!is_match(text[i])) continue;
      if (done < i) found.push_back({done, i, false});
      found.push_back({i, i + 1, true});
      done = i + 1;
    }
    if (done < text.size()) found.push_back({done, text.size(), false});
  });
}

}  // namespace pellucid
