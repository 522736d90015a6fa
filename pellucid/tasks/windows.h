// SPDX-License-Identifier: Apache-2.0
// Windows: a text too long for the model, seen in overlapping parts. The parts are cut from the
// encoding of the whole, so that a token's place in the text is its place there.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

struct Window {
  /// The window's tokens as positions in the whole encoding, ascending: the content of the windowed
  /// segment in [begin, end), and everything else.
  std::vector<std::int64_t> tokens;
  /// Range of positions in the whole encoding whose content is in the window.
  std::int64_t begin = 0;
  std::int64_t end = 0;

  /// Tokens between a content range and the nearer edge of the window: the more, the more the
  /// model saw around it. Negative: not inside.
  std::int64_t context(std::int64_t first, std::int64_t last) const;
};

/// Windows of at most `limit` tokens over the content of one segment; neighbours share `stride`
/// tokens of it (less where there is little room). One window when everything fits, or when the
/// segment has no content. Throws Error when there is no room for content.
std::vector<Window> make_windows(const Encoding& whole, std::int32_t segment, std::int64_t limit,
                                 std::int64_t stride);

/// The index of the window with most context around positions [first, last]; the first of equals,
/// none if no window holds them.
std::int64_t best_window(const std::vector<Window>& windows, std::int64_t first,
                         std::int64_t last);

/// The window as an encoding of its own.
Encoding window_encoding(const Encoding& whole, const Window& window);

}  // namespace pellucid
