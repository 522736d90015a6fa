// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/models/word_cache.h"

#include <algorithm>

namespace pellucid {
namespace {

constexpr std::size_t kFewestSlots = 1024;
constexpr std::size_t kMostSlots = 65536;  // then everything is forgotten: about 4 MB

/// Every thread has a number of its own.
std::size_t thread_number() {
  static std::atomic<std::size_t> count{0};
  thread_local const std::size_t number = count.fetch_add(1, std::memory_order_relaxed);
  return number;
}

std::uint32_t check_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

}  // namespace

std::uint64_t WordCache::hash(std::u32string_view word) {
  constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15ULL;
  std::uint64_t result = word.size() * kFactor;
  for (const char32_t character : word) {
    result = (result ^ character) * kFactor;
    result ^= result >> 32;
  }
  return result * kFactor;
}

bool WordCache::find(std::u32string_view word, std::uint64_t hash,
                     std::vector<ModelToken>& tokens) const {
  if (slots_.empty()) return false;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].entry != 0; at = (at + 1) & mask) {
    if (slots_[at].check != check_of(hash)) continue;
    const Entry& entry = entries_[slots_[at].entry - 1];
    if (std::u32string_view(words_).substr(entry.word, entry.word_size) != word) continue;
    const auto first = tokens_.begin() + static_cast<std::ptrdiff_t>(entry.tokens);
    tokens.insert(tokens.end(), first, first + static_cast<std::ptrdiff_t>(entry.token_count));
    return true;
  }
  return false;
}

void WordCache::insert(std::u32string_view word, std::uint64_t hash,
                       const std::vector<ModelToken>& tokens, std::size_t first) {
  if (2 * (entries_.size() + 1) > slots_.size()) resize(std::max(2 * slots_.size(), kFewestSlots));
  entries_.push_back(
      {static_cast<std::uint32_t>(words_.size()), static_cast<std::uint32_t>(tokens_.size()),
       static_cast<std::uint32_t>(word.size()), static_cast<std::uint32_t>(tokens.size() - first)});
  words_.append(word);
  tokens_.insert(tokens_.end(), tokens.begin() + static_cast<std::ptrdiff_t>(first), tokens.end());
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].entry != 0) at = (at + 1) & mask;
  slots_[at] = {check_of(hash), static_cast<std::uint32_t>(entries_.size())};
}

void WordCache::resize(std::size_t slots) {
  if (slots > kMostSlots) {
    slots = kFewestSlots;
    entries_.clear();
    words_.clear();
    tokens_.clear();
  }
  slots_.assign(slots, {});
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::uint64_t value =
        hash(std::u32string_view(words_).substr(entries_[i].word, entries_[i].word_size));
    std::size_t at = value & (slots - 1);
    while (slots_[at].entry != 0) at = (at + 1) & (slots - 1);
    slots_[at] = {check_of(value), static_cast<std::uint32_t>(i + 1)};
  }
}

WordCachePool::~WordCachePool() {
  for (std::atomic<WordCache*>& place : places_) delete place.load(std::memory_order_acquire);
}

WordCachePool::Lease::Lease(const WordCachePool& pool)
    : place_(pool.places_[thread_number() % kPlaces]),
      cache_(place_.exchange(nullptr, std::memory_order_acquire)) {
  if (!cache_) cache_ = std::make_unique<WordCache>();
}

WordCachePool::Lease::~Lease() {
  WordCache* none = nullptr;
  // Threads whose numbers share the place may have brought one back meanwhile: it stays.
  if (place_.compare_exchange_strong(none, cache_.get(), std::memory_order_release,
                                     std::memory_order_relaxed)) {
    static_cast<void>(cache_.release());
  }
}

}  // namespace pellucid
