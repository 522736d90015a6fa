// SPDX-License-Identifier: Apache-2.0
// Vocabulary: tokens and their ids. All tokens lie in one string; a hash table with linear probing
// finds them, also as the beginnings of a longer text. Memory grows with the tokens, not with the
// ids.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

class Vocabulary {
 public:
  enum class Duplicates { refused, last_wins };

  void add(std::string_view token, std::int32_t id);
  /// After the last add. Throws Error on two tokens with one id and, unless allowed, on equal
  /// tokens.
  void build(std::string_view place, Duplicates duplicates = Duplicates::refused);

  std::int64_t size() const { return static_cast<std::int64_t>(entries_.size()); }
  std::optional<std::int32_t> id(std::string_view token) const;
  std::optional<std::string_view> token(std::int32_t id) const;
  /// The ids of many tokens, kAbsent where there is none: what they wait for in memory is asked for
  /// together.  [tokens]
  static constexpr std::int32_t kAbsent = -1;
  std::vector<std::int32_t> look_up(std::span<const std::string_view> tokens) const;

  struct Match {
    std::int32_t id;
    std::size_t length;  ///< bytes of `text`
  };
  /// The longest beginning of `text`, not empty, for which prefix + beginning is a token. Linear in
  /// the longest token.
  std::optional<Match> longest_match(std::string_view prefix, std::string_view text) const;
  /// visit(id, length) for every beginning of `text`, not empty, that is a token. Linear as well.
  template <class Visit>
  void for_each_prefix(std::string_view text, const Visit& visit) const {
    if (slots_.empty()) return;
    constexpr std::size_t kAtOnce = 32;
    std::array<std::uint64_t, kAtOnce> hashes;  // not initialised: it is filled below
    std::uint64_t hash = hash_of({});
    const std::size_t size = std::min(text.size(), longest_);
    for (std::size_t begin = 0; begin < size; begin += kAtOnce) {
      const std::size_t count = std::min(kAtOnce, size - begin);
      for (std::size_t i = 0; i < count; ++i) {
        hashes[i] = hash = extended(hash, text[begin + i]);
        __builtin_prefetch(&slots_[place(hash)]);
      }
      for (std::size_t i = 0; i < count; ++i) {
        const Entry* entry = find({}, text.substr(0, begin + i + 1), hashes[i]);
        if (entry) visit(entry->id, begin + i + 1);
      }
    }
  }
  /// Ascending. A token that a later equal one has replaced is not among them.
  std::vector<std::int32_t> ids() const;

 private:
  struct Entry {
    std::size_t offset;
    std::uint32_t length;
    std::int32_t id;
  };
  struct Slot {
    std::uint32_t entry = 0;  // index + 1; 0: free
    std::uint32_t check = 0;  // upper half of the hash
  };

  std::string_view text(const Entry& entry) const {
    return std::string_view(characters_).substr(entry.offset, entry.length);
  }
  static std::uint32_t check_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
  }
  std::size_t place(std::uint64_t hash) const {  // of the first slot to look at
    return (hash ^ check_of(hash)) & (slots_.size() - 1);
  }
  static std::uint64_t hash_of(std::string_view bytes);
  static std::uint64_t extended(std::uint64_t hash, char byte);
  std::size_t insert(std::uint32_t index, std::uint64_t hash);
  const Entry* find(std::string_view prefix, std::string_view rest, std::uint64_t hash) const;
  void order_by_id(std::string_view place);

  std::string characters_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> by_id_;  // entries in the order of their ids
  std::vector<Slot> slots_;           // a power of two, at most half full
  std::size_t longest_ = 0;           // bytes
};

}  // namespace pellucid
