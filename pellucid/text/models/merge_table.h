// SPDX-License-Identifier: Apache-2.0
// MergeTable: rank and result of a pair of tokens, by a hash table with linear probing.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "pellucid/text/model_data.h"

namespace pellucid {

class MergeTable {
 public:
  static constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();

  struct Found {
    std::uint32_t rank = kNoRank;  ///< kNoRank: the pair does not merge
    std::int32_t result = 0;
  };

  MergeTable() = default;
  /// The place in the list is the rank; of equal pairs the last one counts.
  explicit MergeTable(const std::vector<Merge>& merges);

  Found find(std::int32_t left, std::int32_t right) const {
    for (std::size_t at = place(left, right);; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.found.rank == kNoRank) return {};
      if (slot.left == left && slot.right == right) return slot.found;
    }
  }

 private:
  struct Slot {
    std::int32_t left = 0;
    std::int32_t right = 0;
    Found found;  // kNoRank: free
  };

  std::size_t place(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) |
                              static_cast<std::uint32_t>(right);
    const std::uint64_t hash = (key ^ (key >> 29)) * 0x9E3779B97F4A7C15ULL;
    return (hash ^ (hash >> 32)) & mask_;
  }

  std::vector<Slot> slots_{Slot{}};  // a power of two, at most two thirds full
  std::size_t mask_ = 0;
};

}  // namespace pellucid
