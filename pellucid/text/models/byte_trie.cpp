// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/models/byte_trie.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace pellucid {

/// Places nodes from the sorted strings, one range of strings with a common beginning after the
/// other.
class ByteTrie::Builder {
 public:
  Builder(const std::vector<Item>& items, std::vector<Unit>& units)
      : items_(items), units_(units) {}

  void run() {
    std::vector<Range> open{{0, items_.size(), 0, kRoot}};
    while (!open.empty()) {
      const Range range = open.back();
      open.pop_back();
      add_children(range, open);
    }
  }

 private:
  struct Range {
    std::size_t begin, end;  // of items
    std::size_t depth;
    std::uint32_t node;
  };
  static constexpr std::size_t kTries = 64;  // places that are looked at before the array grows

  static unsigned char byte_of(const Item& item, std::size_t depth) {
    return static_cast<unsigned char>(item.first[depth]);
  }

  void add_children(Range range, std::vector<Range>& open) {
    while (range.begin < range.end && items_[range.begin].first.size() == range.depth) {
      units_[range.node].value = items_[range.begin++].second;
    }
    if (range.begin == range.end) return;
    count_ = 0;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const unsigned char byte = byte_of(items_[i], range.depth);
      if (count_ == 0 || bytes_[count_ - 1] != byte) {
        starts_[count_] = i;
        bytes_[count_++] = byte;
      }
    }
    const std::uint32_t base = find_base();
    units_[range.node].base = base;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::uint32_t child = base + bytes_[i];
      units_[child].parent = range.node + 1;
      const std::size_t end = i + 1 < count_ ? starts_[i + 1] : range.end;
      open.push_back({starts_[i], end, range.depth + 1, child});
    }
  }

  bool is_free(std::size_t place) const {
    return place >= units_.size() || (place != kRoot && units_[place].parent == 0);
  }

  /// The first base at which all children of the current node are free.
  std::uint32_t find_base() {
    while (first_free_ < units_.size() && !is_free(first_free_)) ++first_free_;
    std::size_t place = std::max<std::size_t>(first_free_, bytes_[0] + std::size_t{1});
    std::size_t tries = 0;
    for (; place < units_.size() && tries < kTries; ++place) {
      if (!is_free(place)) continue;
      ++tries;
      bool fits = true;
      for (std::size_t i = 1; i < count_ && fits; ++i) {
        fits = is_free(place + bytes_[i] - bytes_[0]);
      }
      if (fits) break;
    }
    if (tries == kTries) {
      place = std::max(units_.size(), bytes_[0] + std::size_t{1});
      // The places so far fit hardly any node: later ones begin behind them.
      first_free_ =
          std::max(first_free_, units_.size() - std::min<std::size_t>(units_.size(), 512));
    }
    const std::size_t base = place - bytes_[0];
    const std::size_t size = base + bytes_[count_ - 1] + 1;
    if (size > units_.size()) units_.resize(size);
    return static_cast<std::uint32_t>(base);
  }

  const std::vector<Item>& items_;
  std::vector<Unit>& units_;
  std::size_t first_free_ = 1;
  std::size_t count_ = 0;  // children of the current node: their bytes and first items
  std::array<unsigned char, 256> bytes_{};
  std::array<std::size_t, 256> starts_{};
};

ByteTrie::ByteTrie(std::vector<Item> items) {
  std::erase_if(items, [](const Item& item) { return item.first.empty(); });
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& left, const Item& right) { return left.first < right.first; });
  Builder(items, units_).run();
}

}  // namespace pellucid
