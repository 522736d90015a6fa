// SPDX-License-Identifier: Apache-2.0
// Truncation: how many tokens of each text stay, and the windows over the rest.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "pellucid/text/tokenizer.h"

namespace pellucid {

/// Tokens [begin, end) of one text.
struct TokenRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Tokens of the first and the second text that stay when `room` tokens are left for both (pair <
/// 0: no second text). Throws UsageError when the strategy cannot remove as much as needed.
std::pair<std::int64_t, std::int64_t> kept_tokens(std::int64_t first, std::int64_t pair,
                                                  std::int64_t room, Truncation strategy);

/// The window that stays, then the others; neighbours share `stride` tokens. kept >= size: the
/// whole text. kept = 0: nothing, then the whole text. Throws UsageError unless stride < kept.
std::vector<TokenRange> windows(std::int64_t size, std::int64_t kept, std::int64_t stride,
                                TruncationSide side);

}  // namespace pellucid
