// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/windows.h"

#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

Window cut(const std::vector<bool>& is_content, const std::vector<std::int64_t>& content,
           std::int64_t from, std::int64_t to) {
  Window window;
  if (from < to) {
    window.begin = content[static_cast<std::size_t>(from)];
    window.end = content[static_cast<std::size_t>(to - 1)] + 1;
  }
  for (std::size_t i = 0; i < is_content.size(); ++i) {
    const auto position = static_cast<std::int64_t>(i);
    if (is_content[i] && (position < window.begin || position >= window.end)) continue;
    window.tokens.push_back(position);
  }
  return window;
}

}  // namespace

std::int64_t Window::context(std::int64_t first, std::int64_t last) const {
  return std::min(first - begin, end - 1 - last);
}

std::vector<Window> make_windows(const Encoding& whole, std::int32_t segment, std::int64_t limit,
                                 std::int64_t stride) {
  std::vector<bool> is_content;
  std::vector<std::int64_t> content;
  for (const Token& token : whole.tokens) {
    if (!token.special && token.segment == segment) {
      content.push_back(static_cast<std::int64_t>(is_content.size()));
    }
    is_content.push_back(!token.special && token.segment == segment);
  }
  const auto size = static_cast<std::int64_t>(content.size());
  const std::int64_t others = static_cast<std::int64_t>(whole.tokens.size()) - size;
  const std::int64_t room = limit - others;
  if (size <= room || size == 0) return {cut(is_content, content, 0, size)};
  check(room >= 1, "{} tokens stand beside the text, expected less than {}", others, limit);
  const std::int64_t step = room - std::min(stride, room / 2);
  std::vector<Window> windows;
  for (std::int64_t from = 0;; from += step) {
    const std::int64_t to = std::min(from + room, size);
    windows.push_back(cut(is_content, content, from, to));
    if (to == size) return windows;
  }
}

std::int64_t best_window(const std::vector<Window>& windows, std::int64_t first,
                         std::int64_t last) {
  // Begins and ends both ascend: only the neighbours of the first window that ends late enough hold
  // the range.
  const auto start = std::lower_bound(
      windows.begin(), windows.end(), last,
      [](const Window& window, std::int64_t position) { return window.end <= position; });
  std::int64_t best = -1;
  std::int64_t most = -1;
  for (auto window = start; window != windows.end() && window->begin <= first; ++window) {
    if (window->context(first, last) <= most) continue;
    most = window->context(first, last);
    best = window - windows.begin();
  }
  return best;
}

Encoding window_encoding(const Encoding& whole, const Window& window) {
  Encoding encoding;
  for (const std::int64_t position : window.tokens) {
    encoding.tokens.push_back(whole.tokens[static_cast<std::size_t>(position)]);
  }
  return encoding;
}

}  // namespace pellucid
