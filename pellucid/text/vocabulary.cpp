// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/vocabulary.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

// FNV-1a: taken byte by byte, so that one pass gives the hashes of all beginnings of a text.
constexpr std::uint64_t kOffset = 0xCBF29CE484222325ULL;
constexpr std::uint64_t kPrime = 0x100000001B3ULL;

std::uint64_t extend(std::uint64_t hash, char byte) {
  return (hash ^ static_cast<unsigned char>(byte)) * kPrime;
}

std::uint64_t extend(std::uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) hash = extend(hash, byte);
  return hash;
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::uint64_t Vocabulary::hash_of(std::string_view bytes) { return extend(kOffset, bytes); }
std::uint64_t Vocabulary::extended(std::uint64_t hash, char byte) { return extend(hash, byte); }

std::vector<std::int32_t> Vocabulary::ids() const {
  std::vector<std::string_view> texts;
  texts.reserve(by_id_.size());
  for (const std::uint32_t entry : by_id_) texts.push_back(text(entries_[entry]));
  std::vector<std::int32_t> result = look_up(texts);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < by_id_.size(); ++i) {
    if (result[i] == entries_[by_id_[i]].id) result[kept++] = result[i];
  }
  result.resize(kept);
  return result;
}

void Vocabulary::add(std::string_view token, std::int32_t id) {
  entries_.push_back({characters_.size(), static_cast<std::uint32_t>(token.size()), id});
  characters_.append(token);
  longest_ = std::max(longest_, token.size());
}

/// Puts the entry into the table; gives the entry that was there under the same token before, or
/// the size.
std::size_t Vocabulary::insert(std::uint32_t index, std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = place(hash);; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.entry == 0) {
      slot = {index + 1, check_of(hash)};
      return entries_.size();
    }
    if (slot.check == check_of(hash) && text(entries_[slot.entry - 1]) == text(entries_[index])) {
      const std::size_t before = slot.entry - 1;
      slot.entry = index + 1;
      return before;
    }
  }
}

void Vocabulary::build(std::string_view place, Duplicates duplicates) {
  std::size_t slots = 16;
  while (slots < 2 * entries_.size()) slots *= 2;
  slots_.assign(slots, {});
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::string_view token = text(entries_[i]);
    const std::size_t before = insert(static_cast<std::uint32_t>(i), extend(kOffset, token));
    if (before != entries_.size() && duplicates == Duplicates::refused) {
      fail("{}: the token {} occurs twice, with the ids {} and {}", place, quote(token),
           entries_[before].id, entries_[i].id);
    }
  }
  order_by_id(place);
}

void Vocabulary::order_by_id(std::string_view place) {
  by_id_.resize(entries_.size());
  std::iota(by_id_.begin(), by_id_.end(), 0U);
  const auto less = [this](std::uint32_t left, std::uint32_t right) {
    return entries_[left].id < entries_[right].id;
  };
  if (!std::is_sorted(by_id_.begin(), by_id_.end(), less)) {
    std::sort(by_id_.begin(), by_id_.end(), less);
  }
  for (std::size_t i = 1; i < by_id_.size(); ++i) {
    const Entry& left = entries_[by_id_[i - 1]];
    const Entry& right = entries_[by_id_[i]];
    if (left.id == right.id) {
      fail("{}: the tokens {} and {} have the same id {}", place, quote(text(left)),
           quote(text(right)), left.id);
    }
  }
}

const Vocabulary::Entry* Vocabulary::find(std::string_view prefix, std::string_view rest,
                                          std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = place(hash); slots_[at].entry != 0; at = (at + 1) & mask) {
    if (slots_[at].check != check_of(hash)) continue;
    const Entry& entry = entries_[slots_[at].entry - 1];
    const std::string_view token = text(entry);
    if (token.size() == prefix.size() + rest.size() && token.substr(0, prefix.size()) == prefix &&
        token.substr(prefix.size()) == rest) {
      return &entry;
    }
  }
  return nullptr;
}

std::optional<std::int32_t> Vocabulary::id(std::string_view token) const {
  if (slots_.empty()) return std::nullopt;
  const Entry* entry = find({}, token, extend(kOffset, token));
  return entry ? std::optional(entry->id) : std::nullopt;
}

std::vector<std::int32_t> Vocabulary::look_up(std::span<const std::string_view> tokens) const {
  std::vector<std::int32_t> ids(tokens.size(), kAbsent);
  if (slots_.empty()) return ids;
  constexpr std::size_t kAtOnce = 64;
  std::array<std::uint64_t, kAtOnce> hashes{};
  for (std::size_t begin = 0; begin < tokens.size(); begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, tokens.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = extend(kOffset, tokens[begin + i]);
      __builtin_prefetch(&slots_[place(hashes[i])]);
    }
    // What stands in the first slot is nearly always the token itself.
    for (std::size_t i = 0; i < count; ++i) {
      const Slot& slot = slots_[place(hashes[i])];
      if (slot.entry != 0) __builtin_prefetch(&entries_[slot.entry - 1]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Slot& slot = slots_[place(hashes[i])];
      if (slot.entry != 0) __builtin_prefetch(&characters_[entries_[slot.entry - 1].offset]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (const Entry* entry = find({}, tokens[begin + i], hashes[i])) ids[begin + i] = entry->id;
    }
  }
  return ids;
}

std::optional<std::string_view> Vocabulary::token(std::int32_t id) const {
  const auto index = static_cast<std::size_t>(id);
  if (id >= 0 && index < by_id_.size() && entries_[by_id_[index]].id == id) {
    return text(entries_[by_id_[index]]);
  }
  const auto found = std::lower_bound(
      by_id_.begin(), by_id_.end(), id,
      [this](std::uint32_t entry, std::int32_t value) { return entries_[entry].id < value; });
  if (found == by_id_.end() || entries_[*found].id != id) return std::nullopt;
  return text(entries_[*found]);
}

std::optional<Vocabulary::Match> Vocabulary::longest_match(std::string_view prefix,
                                                           std::string_view text) const {
  if (slots_.empty() || longest_ <= prefix.size()) return std::nullopt;
  constexpr std::size_t kUsual = 256;
  std::array<std::uint64_t, kUsual> usual;  // not initialised: it is filled below
  std::vector<std::uint64_t> unusual;
  const std::size_t limit = std::min(text.size(), longest_ - prefix.size());
  std::uint64_t* hashes = usual.data();
  if (limit > kUsual) {
    unusual.resize(limit);
    hashes = unusual.data();
  }
  std::uint64_t hash = extend(kOffset, prefix);
  for (std::size_t i = 0; i < limit; ++i) hashes[i] = hash = extend(hash, text[i]);
  for (std::size_t length = limit; length > 0; --length) {
    if (length < text.size() && is_continuation(text[length])) continue;
    const Entry* entry = find(prefix, text.substr(0, length), hashes[length - 1]);
    if (entry) return Match{entry->id, length};
  }
  return std::nullopt;
}

}  // namespace pellucid
