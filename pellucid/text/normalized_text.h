// SPDX-License-Identifier: Apache-2.0
// NormalizedText: characters on their way through the normalizers, each with the original
// characters it came from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

/// Original characters [start, end) behind one character. 32 bits: there is one for every character
/// of every text.
struct Origin {
  std::int32_t start = 0;
  std::int32_t end = 0;
};

/// A character of a text that takes another's place and how it stands to that: 0 takes the place of
/// one character, +1 is inserted (it gets the origin of the one before), -n takes the place of one
/// and swallows the n that follow.
struct Change {
  char32_t character = 0;
  std::int32_t change = 0;
};

struct NormalizedText {
  std::u32string characters;
  std::vector<Origin> origins;  ///< [characters]
  std::int32_t start = 0;       ///< where the text begins in the original one

  NormalizedText() = default;
  /// Characters as they stand in the original text from position `begin` on.
  NormalizedText(std::u32string_view text, std::int64_t begin);

  std::size_t size() const { return characters.size(); }
  bool empty() const { return characters.empty(); }
  void push_back(char32_t character, Origin origin);
  void append(const NormalizedText& other, std::size_t begin, std::size_t end);
  void clear();
  void reserve(std::size_t size);
  void resize(std::size_t size);
  /// Origin of what is inserted before character `at`: that of the one before.
  Origin origin_before(std::size_t at) const {
    return at > 0 ? origins[at - 1] : Origin{start, start};
  }
  /// Puts characters before the first one, with its origin. An empty text stays empty.
  void prepend(std::u32string_view prefix);

  /// Original characters behind [begin, end): from the first one's start to the last one's end;
  /// empty ranges: {0, 0}.
  Span span(std::size_t begin, std::size_t end) const;
};

/// Writes a text anew. What the changes leave over at the end of the text is dropped.
void transform(NormalizedText& text, const std::vector<Change>& changes);

}  // namespace pellucid
