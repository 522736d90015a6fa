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
  static constexpr std::size_t kWindow = 256;  // places

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

  /// The first base, among the last places, at which all children of the current node are free.
  /// Looking at a bounded number of places keeps the work linear in the strings.
  std::uint32_t find_base() {
    const std::size_t lowest = bytes_[0] + std::size_t{1};
    const std::size_t window = units_.size() > kWindow ? units_.size() - kWindow : 1;
    first_free_ = std::max(window, first_free_);
    while (!is_free(first_free_)) ++first_free_;
    std::size_t place = std::max(first_free_, lowest);
    while (place < units_.size() && !fits(place)) ++place;
    const std::size_t base = place - bytes_[0];
    const std::size_t size = base + bytes_[count_ - 1] + 1;
    if (size > units_.size()) units_.resize(size);
    return static_cast<std::uint32_t>(base);
  }

  /// Whether the children are free when the first one lies at this place.
  bool fits(std::size_t place) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!is_free(place + bytes_[i] - bytes_[0])) return false;
    }
    return true;
  }

  const std::vector<Item>& items_;
  std::vector<Unit>& units_;
  std::size_t first_free_ = 1;  // no place of the window before it is free
  std::size_t count_ = 0;       // children of the current node: their bytes and first items
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
