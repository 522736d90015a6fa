// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/added_tokens.h"

#include <algorithm>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/characters.h"
#include "pellucid/text/unicode.h"

namespace pellucid {

AddedToken read_added_token(const Fields& fields, std::int32_t id) {
  AddedToken token;
  token.id = id;
  token.content = fields.string("content");
  token.special = fields.boolean("special", false);
  token.single_word = fields.boolean("single_word", false);
  token.lstrip = fields.boolean("lstrip", false);
  token.rstrip = fields.boolean("rstrip", false);
  token.normalized = fields.boolean("normalized", !token.special);
  return token;
}

AddedTokens::AddedTokens(const std::vector<Fields>& fields) {
  for (const Fields& item : fields) {
    add(read_added_token(item, checked_id(item.integer("id"), item.place(), "id")), item.place());
  }
}

void AddedTokens::add(AddedToken token, std::string_view place) {
  const std::size_t index = tokens_.size();
  const auto [same_id, new_id] = by_id_.emplace(token.id, index);
  if (!new_id) {
    fail("{}: the added tokens {} and {} have the same id {}", place,
         quote(tokens_[same_id->second].content), quote(token.content), token.id);
  }
  const bool new_content = by_content_.emplace(token.content, index).second;
  check(new_content, "{}: the added token {} occurs twice", place, quote(token.content));
  tokens_.push_back(std::move(token));
}

void AddedTokens::build(const Normalizer* normalizer) {
  // Special tokens first: among patterns that are equal after normalizing the first one wins.
  for (const bool special : {true, false}) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].special != special) continue;
      NormalizedText content(decode_utf8(tokens_[i].content, "added token"), 0);
      if (tokens_[i].normalized && normalizer) normalizer->normalize(content);
      (tokens_[i].normalized ? normalized_ : raw_).add(content.characters, i);
    }
  }
}

std::vector<Stretch> AddedTokens::split_raw(std::u32string_view text, bool special) const {
  return split(raw_, text, special);
}

std::vector<Stretch> AddedTokens::split_normalized(std::u32string_view text, bool special) const {
  return split(normalized_, text, special);
}

const AddedToken* AddedTokens::find(std::int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  const auto found = by_content_.find(content);
  return found == by_content_.end() ? nullptr : &tokens_[found->second];
}

std::vector<Stretch> AddedTokens::split(const Matcher& matcher, std::u32string_view text,
                                        bool special) const {
  const CharacterTable& table = CharacterTable::instance();
  std::vector<Stretch> stretches;
  std::size_t done = 0;  // everything before is in a stretch
  for (std::size_t at = 0; at < text.size() && !matcher.empty();) {
    std::size_t index = 0;
    const std::size_t length = matcher.match(text, at, index);
    if (length == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[index];
    std::size_t begin = at;
    std::size_t end = at += length;
    const bool touches_word = (begin > 0 && table.has(text[begin - 1], kWord)) ||
                              (end < text.size() && table.has(text[end], kWord));
    if ((token.special && !special) || (token.single_word && touches_word)) continue;
    if (token.lstrip) {
      while (begin > done && table.has(text[begin - 1], kWhiteSpace)) --begin;
      begin = std::max(begin, done);  // what a token before took stays with it
    }
    if (token.rstrip) {
      while (end < text.size() && table.has(text[end], kWhiteSpace)) ++end;
    }
    if (begin >= end) continue;
    if (done < begin) stretches.push_back({done, begin, nullptr});
    stretches.push_back({begin, end, &token});
    done = end;
  }
  if (done < text.size()) stretches.push_back({done, text.size(), nullptr});
  return stretches;
}

void AddedTokens::Matcher::add(std::u32string_view pattern, std::size_t token) {
  if (pattern.empty()) return;
  std::uint32_t node = 0;
  for (const char32_t character : pattern) {
    const auto next = static_cast<std::uint32_t>(ends_.size());
    const std::uint64_t key = (std::uint64_t{node} << 32) | character;
    const auto [child, is_new] = children_.emplace(key, next);
    if (is_new) ends_.emplace_back();
    node = child->second;
  }
  if (!ends_[node]) ends_[node] = token;
  if (pattern[0] < 0x80) first_ascii_[pattern[0] / 64] |= std::uint64_t{1} << (pattern[0] % 64);
}

const std::uint32_t* AddedTokens::Matcher::child(std::uint32_t node, char32_t character) const {
  if (node == 0 && character < 0x80 && !(first_ascii_[character / 64] >> (character % 64) & 1)) {
    return nullptr;
  }
  const auto found = children_.find((std::uint64_t{node} << 32) | character);
  return found == children_.end() ? nullptr : &found->second;
}

std::size_t AddedTokens::Matcher::match(std::u32string_view text, std::size_t at,
                                        std::size_t& token) const {
  std::size_t longest = 0;
  std::uint32_t node = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const std::uint32_t* next = child(node, text[i]);
    if (!next) break;
    node = *next;
    if (ends_[node]) {
      longest = i + 1 - at;
      token = *ends_[node];
    }
  }
  return longest;
}

}  // namespace pellucid
