// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/truncation.h"

#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// The longer text is cut to the length of the shorter one, then both to halves. Of equal texts the
/// second is the longer.
std::pair<std::int64_t, std::int64_t> cut_longest(std::int64_t first, std::int64_t pair,
                                                  std::int64_t room) {
  std::int64_t shorter = std::min(first, pair);
  std::int64_t longer = shorter > room ? shorter : std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = room - shorter;
  }
  return first > pair ? std::pair(longer, shorter) : std::pair(shorter, longer);
}

}  // namespace

std::pair<std::int64_t, std::int64_t> kept_tokens(std::int64_t first, std::int64_t pair,
                                                  std::int64_t room, Truncation strategy) {
  const std::int64_t excess = first + std::max<std::int64_t>(pair, 0) - room;
  if (excess <= 0) return {first, pair};
  if (room <= 0) return {0, std::min<std::int64_t>(pair, 0)};
  if (strategy == Truncation::longest_first) {
    return pair < 0 ? std::pair(room, pair) : cut_longest(first, pair, room);
  }
  const bool cuts_first = strategy == Truncation::only_first;
  check_usage(cuts_first || pair >= 0,
              "truncation only_second: there is no second text, but {} tokens must go", excess);
  const std::int64_t size = cuts_first ? first : pair;
  check_usage(size > excess, "truncation {}: the text has {} tokens, but {} must go",
              cuts_first ? "only_first" : "only_second", size, excess);
  return cuts_first ? std::pair(first - excess, pair) : std::pair(first, pair - excess);
}

std::vector<TokenRange> windows(std::int64_t size, std::int64_t kept, std::int64_t stride,
                                TruncationSide side) {
  if (kept >= size) return {{0, size}};
  if (kept <= 0) return {{0, 0}, {0, size}};
  check_usage(stride >= 0 && stride < kept,
              "stride is {}, expected 0 to {} (room for {} tokens beside the special ones)", stride,
              kept - 1, kept);
  std::vector<TokenRange> result;
  for (std::int64_t from = 0;; from += kept - stride) {
    const std::int64_t to = std::min(from + kept, size);
    result.push_back(side == TruncationSide::right ? TokenRange{from, to}
                                                   : TokenRange{size - to, size - from});
    if (to == size) return result;
  }
}

}  // namespace pellucid
