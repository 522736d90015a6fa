// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "pellucid/report/characters.h"
#include "pellucid/report/terminal_text.h"
#include "pellucid/report/token_page.h"

namespace pellucid {
namespace {

constexpr int kWidest = 40;  // columns of a token

std::string window_rows(const Encoding& window) {
  int width = 1;
  std::size_t digits = 1;
  for (const Token& token : window.tokens) {
    width = std::max(width, report::columns(report::printable(token.text)));
    digits = std::max(digits, fmt::format("{}", token.id).size());
  }
  width = std::min(width, kWidest);
  std::string out;
  for (const Token& token : window.tokens) {
    out += fmt::format("  {}  {:>{}}", report::fitted(report::printable(token.text), width),
                       token.id, digits);
    if (token.padding) {
      out += "  padding";
    } else if (token.special) {
      out += "  special";
    } else {
      out += fmt::format("  {}-{}", token.span.start, token.span.end);
      if (token.word) out += fmt::format("  word {}", *token.word);
      if (token.segment > 0) out += "  second text";
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string tokens_to_terminal(std::string_view text, const std::optional<std::string>& pair,
                               const Encoding& encoding) {
  std::string out = report::printable(text) + "\n";
  if (pair) out += report::printable(*pair) + "\n";
  out += window_rows(encoding);
  for (std::size_t i = 0; i < encoding.overflowing.size(); ++i) {
    out += fmt::format("  -- window {} of {}\n", i + 2, encoding.overflowing.size() + 1);
    out += window_rows(encoding.overflowing[i]);
  }
  return out;
}

}  // namespace pellucid
