// SPDX-License-Identifier: Apache-2.0
// Encoding: what a tokenizer makes of a text, every token with the characters that it came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pellucid {

/// A range of characters (Unicode code points, not bytes) of the original text: [start, end).
struct Span {
  std::int64_t start = 0;
  std::int64_t end = 0;

  std::int64_t size() const { return end - start; }
  bool empty() const { return end <= start; }
  bool overlaps(const Span& other) const { return start < other.end && other.start < end; }
  friend bool operator==(const Span&, const Span&) = default;
};

struct Token {
  std::int32_t id = 0;
  std::string text;  ///< as in the vocabulary ("##ing"); an added token found in the text: the text
  Span span;         ///< in the text of its segment; {0, 0} for tokens of the template
  std::optional<std::int32_t>
      word;  ///< index of the tokenizer's word within its segment; none for template tokens
  std::int32_t type = 0;  ///< token type id given to the model
  std::int32_t segment =
      0;                 ///< 0: text, 1: pair. A template token belongs to the segment it follows
  bool special = false;  ///< put there by the post-processor (decided by place, not by id)
  bool padding = false;  ///< put there by pad(): special too, the model must not see it
};

struct Encoding {
  std::vector<Token> tokens;
  std::vector<Encoding> overflowing;  ///< further windows after truncation, in order
  std::int64_t truncated = 0;         ///< content tokens of the input that are not among `tokens`

  std::vector<std::int32_t> ids() const;
  std::vector<std::int32_t> types() const;
};

}  // namespace pellucid
