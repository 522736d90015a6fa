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

struct NormalizedText {
  std::u32string characters;
  std::vector<Origin> origins;  ///< [characters]

  NormalizedText() = default;
  /// Characters as they stand in the original text from position `start` on.
  NormalizedText(std::u32string_view text, std::int64_t start);

  std::size_t size() const { return characters.size(); }
  bool empty() const { return characters.empty(); }
  void push_back(char32_t character, Origin origin);
  void append(const NormalizedText& other, std::size_t begin, std::size_t end);
  void clear();
  void reserve(std::size_t size);

  /// Original characters behind [begin, end): from the first one's start to the last one's end;
  /// empty ranges: {0, 0}.
  Span span(std::size_t begin, std::size_t end) const;
};

}  // namespace pellucid
