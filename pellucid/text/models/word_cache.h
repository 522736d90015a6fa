// SPDX-License-Identifier: Apache-2.0
// Words that a model has cut before: most words of a text are not new. A cache belongs to one
// thread at a time; a model keeps several and lends them, so that threads neither wait for nor slow
// down one another.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/models/model.h"

namespace pellucid {

class WordCache {
 public:
  /// Longer words are rarely met again.
  static constexpr std::size_t kLongest = 64;

  static std::uint64_t hash(std::u32string_view word);

  /// Appends the word's tokens; false: not seen yet.
  bool find(std::u32string_view word, std::uint64_t hash, std::vector<ModelToken>& tokens) const;
  /// The word's tokens are those from `first` on.
  void insert(std::u32string_view word, std::uint64_t hash, const std::vector<ModelToken>& tokens,
              std::size_t first);

 private:
  struct Slot {
    std::uint32_t check = 0;
    std::uint32_t entry = 0;  // index + 1; 0: free
  };
  struct Entry {
    std::uint32_t word = 0;    // in words_
    std::uint32_t tokens = 0;  // in tokens_
    std::uint32_t word_size = 0;
    std::uint32_t token_count = 0;
  };
  void resize(std::size_t slots);

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<Entry> entries_;
  std::u32string words_;
  std::vector<ModelToken> tokens_;
};

class WordCachePool {
 public:
  WordCachePool() = default;
  WordCachePool(const WordCachePool&) = delete;
  WordCachePool& operator=(const WordCachePool&) = delete;
  ~WordCachePool();

  /// The calling thread's cache, for as long as this lives.
  class Lease {
   public:
    explicit Lease(const WordCachePool& pool);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    WordCache* operator->() const { return cache_.get(); }

   private:
    std::atomic<WordCache*>& place_;
    std::unique_ptr<WordCache> cache_;
  };

 private:
  static constexpr std::size_t kPlaces = 64;
  mutable std::array<std::atomic<WordCache*>, kPlaces> places_{};
};

/// Appends the tokens that cut(piece, tokens) gives, or gave before.
template <class Cut>
void tokenize_cached(const WordCachePool& pool, std::u32string_view piece,
                     std::vector<ModelToken>& tokens, const Cut& cut) {
  if (piece.size() > WordCache::kLongest) {
    cut(piece, tokens);
    return;
  }
  const WordCachePool::Lease cache(pool);
  const std::uint64_t hash = WordCache::hash(piece);
  if (cache->find(piece, hash, tokens)) return;
  const std::size_t first = tokens.size();
  cut(piece, tokens);
  cache->insert(piece, hash, tokens, first);
}

}  // namespace pellucid
