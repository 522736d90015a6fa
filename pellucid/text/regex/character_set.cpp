// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/regex/character_set.h"

#include <algorithm>

namespace pellucid {

bool CharacterSet::contains(char32_t character) const {
  const auto range =
      std::lower_bound(ranges_.begin(), ranges_.end(), character,
                       [](const Range& left, char32_t value) { return left.last < value; });
  return range != ranges_.end() && range->first <= character;
}

void CharacterSet::add(char32_t first, char32_t last) {
  if (ranges_.empty() || first > ranges_.back().last + 1) {
    ranges_.push_back({first, last});
  } else if (first >= ranges_.back().first) {
    ranges_.back().last = std::max(ranges_.back().last, last);
  } else {
    *this = *this | CharacterSet(first, last);
  }
}

CharacterSet CharacterSet::complement() const {
  CharacterSet result;
  char32_t next = 0;
  for (const Range& range : ranges_) {
    if (range.first > next) result.ranges_.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCharacter) result.ranges_.push_back({next, kLastCharacter});
  return result;
}

CharacterSet operator|(const CharacterSet& left, const CharacterSet& right) {
  std::vector<CharacterSet::Range> merged(left.ranges_.size() + right.ranges_.size());
  std::merge(left.ranges_.begin(), left.ranges_.end(), right.ranges_.begin(), right.ranges_.end(),
             merged.begin(), [](const CharacterSet::Range& a, const CharacterSet::Range& b) {
               return a.first < b.first;
             });
  CharacterSet result;
  for (const CharacterSet::Range& range : merged) result.add(range.first, range.last);
  return result;
}

CharacterSet operator&(const CharacterSet& left, const CharacterSet& right) {
  return (left.complement() | right.complement()).complement();
}

}  // namespace pellucid
