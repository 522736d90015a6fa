// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace pellucid {
namespace {

constexpr std::size_t kLongestWord = 200;
constexpr std::size_t kLongestQuote = 200;

char folded(char letter) {
  if (letter >= 'A' && letter <= 'Z') return static_cast<char>(letter - 'A' + 'a');
  return letter == '_' ? '-' : letter;
}

/// Optimal string alignment distance by three rows of its table.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = folded(a[i - 1]), y = folded(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (x == y ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && x == folded(b[j - 2]) && folded(a[i - 2]) == y;
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

/// Bytes of the UTF-8 sequence at the front of `text`, 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (length == 3 && ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)))
    return 0;
  if (length == 4 && ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)))
    return 0;
  return length;
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  if (word.size() > kLongestWord) return best;
  std::size_t least = 0;
  for (const std::string& name : known) {
    const std::size_t longer = std::max(word.size(), name.size());
    const std::size_t shorter = std::min(word.size(), name.size());
    const std::size_t allowed = std::max<std::size_t>(1, shorter / 3);
    if (name.empty() || name.size() > kLongestWord || longer - shorter > allowed) continue;
    const std::size_t edits = distance(word, name);
    if (edits > allowed || edits >= longer || (!best.empty() && edits >= least)) continue;
    least = edits;
    best = name;
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string name = nearest(word, known);
  return name.empty() ? "" : fmt::format("; did you mean {}?", quote(name));
}

std::string quote(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    if (result.size() > kLongestQuote) {
      result += "...";
      break;
    }
    const std::size_t length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool control =
        first < 0x20 || first == 0x7F ||
        (length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0);
    const std::string_view piece = text.substr(0, std::max<std::size_t>(1, length));
    if (length == 0 || control) {
      for (const char byte : piece) {
        result += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
      }
    } else {
      if (first == '"' || first == '\\') result += '\\';
      result += piece;
    }
    text.remove_prefix(piece.size());
  }
  return result + '"';
}

}  // namespace pellucid
