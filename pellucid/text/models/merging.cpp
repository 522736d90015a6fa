// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/models/merging.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <queue>

namespace pellucid {
namespace {

constexpr std::size_t kShort = 32;  // symbols up to which looking at all pairs is quickest

void merge_short(const MergeTable& table, std::vector<MergeSymbol>& symbols) {
  std::array<MergeTable::Found, kShort> pairs;  // of symbol i and the next
  std::size_t count = symbols.size();
  const auto look_up = [&](std::size_t i) {
    pairs[i] = table.find(symbols[i].id, symbols[i + 1].id);
  };
  for (std::size_t i = 0; i + 1 < count; ++i) look_up(i);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == MergeTable::kNoRank) break;
    symbols[best] = {pairs[best].result, symbols[best].bytes + symbols[best + 1].bytes};
    --count;
    for (std::size_t i = best + 1; i < count; ++i) symbols[i] = symbols[i + 1];
    for (std::size_t i = best + 1; i + 1 < count; ++i) pairs[i] = pairs[i + 1];
    if (best > 0) look_up(best - 1);
    if (best + 1 < count) look_up(best);
  }
  symbols.resize(count);
}

/// Symbols as a linked list, pairs that may merge in a queue; a pair that has changed since it was
/// queued is left out when its turn comes.
class LongMerge {
 public:
  LongMerge(const MergeTable& table, std::vector<MergeSymbol>& symbols)
      : table_(table), symbols_(symbols), links_(symbols.size()) {
    const auto count = static_cast<std::uint32_t>(symbols.size());
    std::vector<Candidate> candidates;
    candidates.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      links_[i] = {i == 0 ? kNone : i - 1, i + 1 == count ? kNone : i + 1};
      if (i + 1 == count) break;
      const auto found = table_.find(symbols[i].id, symbols[i + 1].id);
      if (found.rank != MergeTable::kNoRank) candidates.push_back({found.rank, i, found.result});
    }
    queue_ = Queue(std::greater<>(), std::move(candidates));
  }

  void run() {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      const std::uint32_t left = top.position;
      if (symbols_[left].bytes == 0 || links_[left].next == kNone) continue;
      const std::uint32_t right = links_[left].next;
      const auto found = table_.find(symbols_[left].id, symbols_[right].id);
      if (found.rank == MergeTable::kNoRank || found.result != top.result) continue;
      join(left, right, top.result);
    }
    std::size_t count = 0;
    for (const MergeSymbol& symbol : symbols_) {
      if (symbol.bytes > 0) symbols_[count++] = symbol;
    }
    symbols_.resize(count);
  }

 private:
  static constexpr std::uint32_t kNone = MergeTable::kNoRank;
  struct Link {
    std::uint32_t previous, next;
  };
  struct Candidate {
    std::uint32_t rank, position;
    std::int32_t result;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };
  using Queue = std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>>;

  void join(std::uint32_t left, std::uint32_t right, std::int32_t result) {
    symbols_[left] = {result, symbols_[left].bytes + symbols_[right].bytes};
    symbols_[right].bytes = 0;
    links_[left].next = links_[right].next;
    if (links_[left].next != kNone) {
      links_[links_[left].next].previous = left;
      push(left, links_[left].next);
    }
    if (links_[left].previous != kNone) push(links_[left].previous, left);
  }

  void push(std::uint32_t left, std::uint32_t right) {
    const auto found = table_.find(symbols_[left].id, symbols_[right].id);
    if (found.rank != MergeTable::kNoRank) queue_.push({found.rank, left, found.result});
  }

  const MergeTable& table_;
  std::vector<MergeSymbol>& symbols_;
  std::vector<Link> links_;
  Queue queue_;
};

}  // namespace

void merge_symbols(const MergeTable& table, std::vector<MergeSymbol>& symbols) {
  if (symbols.size() < 2) return;
  if (symbols.size() <= kShort) {
    merge_short(table, symbols);
  } else {
    LongMerge(table, symbols).run();
  }
}

}  // namespace pellucid
