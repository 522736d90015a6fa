// SPDX-License-Identifier: Apache-2.0
// Added tokens: strings that are found in the text before the model sees it. Search is leftmost,
// then longest; those with normalized = false are found in the raw text first, the others in what
// remains after normalizing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pellucid/text/fields.h"
#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {

struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool single_word = false;  ///< not where a word character is its neighbour
  bool lstrip = false;       ///< takes the white space on its left
  bool rstrip = false;       ///< ... on its right
  bool normalized = false;   ///< is searched in the normalized text
  bool special = false;      ///< left out when decoding
};

/// Part of a text: characters [begin, end) and the added token that they are, or none.
struct Stretch {
  std::size_t begin = 0;
  std::size_t end = 0;
  const AddedToken* token = nullptr;
};

class AddedTokens {
 public:
  AddedTokens() = default;
  /// fields: objects as in "added_tokens". Throws Error when contents or ids occur twice.
  explicit AddedTokens(const std::vector<Fields>& fields);

  void add(AddedToken token, std::string_view place);
  /// After the last add. The normalizer (may be null) is applied to the contents of normalized
  /// tokens.
  void build(const Normalizer* normalizer);

  std::vector<Stretch> split_raw(std::u32string_view text, bool special) const;
  std::vector<Stretch> split_normalized(std::u32string_view text, bool special) const;

  const std::vector<AddedToken>& tokens() const { return tokens_; }
  const AddedToken* find(std::int32_t id) const;
  const AddedToken* find(std::string_view content) const;

 private:
  /// Trie of characters.
  class Matcher {
   public:
    void add(std::u32string_view pattern, std::size_t token);
    bool empty() const { return children_.empty(); }
    /// The longest pattern at text[at]: its token and length; length 0: none.
    std::size_t match(std::u32string_view text, std::size_t at, std::size_t& token) const;

   private:
    const std::uint32_t* child(std::uint32_t node, char32_t character) const;

    std::unordered_map<std::uint64_t, std::uint32_t> children_;   // (node, character) -> node
    std::vector<std::optional<std::size_t>> ends_{std::nullopt};  // token that ends at a node
    std::uint64_t first_ascii_[2] = {0, 0};  // ASCII characters that begin a pattern, as bits
  };

  std::vector<Stretch> split(const Matcher& matcher, std::u32string_view text, bool special) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::int32_t, std::size_t> by_id_;
  std::map<std::string, std::size_t, std::less<>> by_content_;
  Matcher raw_;
  Matcher normalized_;
};

/// One object of "added_tokens" (without "id": that of the argument).
AddedToken read_added_token(const Fields& fields, std::int32_t id);

}  // namespace pellucid
