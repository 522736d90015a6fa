// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <map>

#include "pellucid/base/error.h"
#include "pellucid/text/regex/regex.h"

namespace pellucid {

CharacterNumbers::CharacterNumbers(const std::vector<CharacterSet>& sets) {
  // Characters between two borders are in the same sets.
  std::vector<char32_t> borders{0, kLastCharacter + 1};
  for (const CharacterSet& set : sets) {
    for (const CharacterSet::Range& range : set.ranges()) {
      borders.push_back(range.first);
      borders.push_back(range.last + 1);
    }
  }
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  std::map<std::vector<bool>, std::uint16_t> known;
  std::vector<std::uint16_t> of_border;
  of_sets_.resize(sets.size());
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    std::vector<bool> members(sets.size());
    for (std::size_t k = 0; k < sets.size(); ++k) members[k] = sets[k].contains(borders[i]);
    check(known.size() < std::numeric_limits<std::uint16_t>::max(),
          "a pattern tells more than 65534 kinds of characters apart");
    const auto [entry, is_new] = known.emplace(members, static_cast<std::uint16_t>(known.size()));
    of_border.push_back(entry->second);
    for (std::size_t k = 0; is_new && k < sets.size(); ++k) {
      if (members[k]) of_sets_[k].push_back(entry->second);
    }
  }
  blocks_.assign((kLastCharacter >> kShift) + 1, 0);
  numbers_.resize(known.size() << kShift);
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    numbers_[i] = static_cast<std::uint16_t>(i >> kShift);
  }
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    fill({borders[i], borders[i + 1] - 1}, of_border[i]);
  }
}

/// Blocks that lie whole in the range share one; the others get their own.
void CharacterNumbers::fill(const CharacterSet::Range& range, std::uint16_t number) {
  for (char32_t block = range.first >> kShift; block <= range.last >> kShift; ++block) {
    const char32_t begin = std::max<char32_t>(range.first, block << kShift);
    const char32_t end = std::min<char32_t>(range.last, (block << kShift) | kMask) + 1;
    if (end - begin == kMask + 1) {
      blocks_[block] = std::uint32_t{number} << kShift;
      continue;
    }
    if (begin == block << kShift) {  // the first range of this block
      blocks_[block] = static_cast<std::uint32_t>(numbers_.size());
      numbers_.resize(numbers_.size() + kMask + 1);
    }
    std::fill_n(numbers_.begin() + blocks_[block] + (begin & kMask), end - begin, number);
  }
}

}  // namespace pellucid
