// SPDX-License-Identifier: Apache-2.0
// ByteTrie: which strings begin at a place of a text. A double array (Aoe 1989): a child of a node
// lies at its base + byte and names its parent, so that one step is one load.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace pellucid {

class ByteTrie {
 public:
  /// A string and its value, 0 or more.
  using Item = std::pair<std::string_view, std::int32_t>;
  static constexpr std::uint32_t kRoot = 0;
  static constexpr std::int32_t kNone = -1;

  ByteTrie() = default;
  /// Of equal strings the last one counts; empty ones are left out. The order is free.
  explicit ByteTrie(std::vector<Item> items);

  /// Goes on from the node by one byte; false: no string does.
  bool step(std::uint32_t& node, unsigned char byte) const {
    const std::uint32_t next = units_[node].base + byte;
    if (next >= units_.size() || units_[next].parent != node + 1) return false;
    node = next;
    return true;
  }
  /// Of the string that ends at the node, or kNone.
  std::int32_t value(std::uint32_t node) const { return units_[node].value; }

 private:
  struct Unit {
    std::uint32_t base = 0;
    std::uint32_t parent = 0;  // + 1; 0: free
    std::int32_t value = kNone;
  };
  class Builder;

  std::vector<Unit> units_{Unit{}};
};

}  // namespace pellucid
