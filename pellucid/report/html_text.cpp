// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/html_text.h"

#include <algorithm>

namespace pellucid::report {
namespace {

/// CR is dropped before LF; tab and LF stay; other C0 controls, DEL and stray bytes are shown.
bool is_shown_escaped(const Character& c) {
  return !c.valid || c.value == 0x7f || (c.value < 0x20 && c.value != '\t' && c.value != '\n');
}

bool is_dropped(const std::vector<Character>& all, std::size_t i) {
  return all[i].value == '\r' && i + 1 < all.size() && all[i + 1].value == '\n';
}

void append(std::string& out, std::string_view text, const Character& c) {
  if (is_shown_escaped(c)) {
    out += escaped(c.value);
  } else if (c.value == '&') {
    out += "&amp;";
  } else if (c.value == '<') {
    out += "&lt;";
  } else if (c.value == '>') {
    out += "&gt;";
  } else {
    out += c.in(text);
  }
}

}  // namespace

std::string html_text(std::string_view text) {
  const auto all = characters(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_dropped(all, i)) append(out, text, all[i]);
  }
  return out;
}

std::string html_attribute(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_isolated(std::string_view text) { return "<bdi>" + html_text(text) + "</bdi>"; }

ShownText::ShownText(std::string_view text)
    : text_(text), characters_(characters(text_)), graphemes_(grapheme_starts(text_, characters_)) {
  utf16_.reserve(characters_.size() + 1);
  std::int64_t units = 0;
  for (std::size_t i = 0; i < characters_.size(); ++i) {
    utf16_.push_back(units);
    const Character& c = characters_[i];
    if (is_dropped(characters_, i)) {
      has_crlf_ = true;
    } else if (is_shown_escaped(c)) {
      units += static_cast<std::int64_t>(escaped(c.value).size());
    } else {
      units += c.value > 0xffff ? 2 : 1;
    }
  }
  utf16_.push_back(units);
}

std::int64_t ShownText::edge(std::int64_t position) const {
  position = std::clamp<std::int64_t>(position, 0, size());
  while (position < size() && !graphemes_[static_cast<std::size_t>(position)]) ++position;
  return position;
}

std::string ShownText::html(std::int64_t begin, std::int64_t end) const {
  std::string out;
  for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
    if (!is_dropped(characters_, i)) append(out, text_, characters_[i]);
  }
  return out;
}

}  // namespace pellucid::report
