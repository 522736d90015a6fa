// SPDX-License-Identifier: Apache-2.0
// Ranges of code points with what holds for them, as the generated tables write them: ascending and
// disjoint.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace pellucid {

/// All code points of the range have one value: flags, the number of a script or a category.
struct ValueRange {
  std::uint32_t first, last, value;
};
/// Every step-th code point of the range maps to code point + difference.
struct StepRange {
  std::uint32_t first, last, step;
  std::int32_t difference;
};

/// The range that holds the character, or null.
template <class Range>
const Range* find_range(const Range* ranges, std::size_t count, char32_t character) {
  const Range* end = ranges + count;
  const Range* range = std::lower_bound(
      ranges, end, character, [](const Range& left, char32_t value) { return left.last < value; });
  return range != end && range->first <= character ? range : nullptr;
}

/// What the character maps to; itself if no range holds it.
inline char32_t mapped(const StepRange* ranges, std::size_t count, char32_t character) {
  const StepRange* range = find_range(ranges, count, character);
  if (range == nullptr || (character - range->first) % range->step != 0) return character;
  return static_cast<char32_t>(static_cast<std::int64_t>(character) + range->difference);
}

}  // namespace pellucid
