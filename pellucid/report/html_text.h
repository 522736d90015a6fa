// SPDX-License-Identifier: Apache-2.0
// User strings in HTML. Nothing is trusted: texts, labels, names of models and files follow the
// same rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/report/characters.h"

namespace pellucid::report {

/// For the inside of an element: & < > as entities; C0 controls except tab and line feed, DEL and
/// stray bytes as \x07; CR LF as LF. Bidi controls stay: callers put the string in an isolated
/// element (block, td, bdi).
std::string html_text(std::string_view text);
/// For attributes in double quotes and for <title>: also " and ', bidi controls as \u202e, no line
/// ends.
std::string html_attribute(std::string_view text);
/// <bdi>text</bdi>
std::string html_isolated(std::string_view text);

/// A text as the page shows it: characters can be asked for by their position in the original, and
/// positions converted to those of a script (UTF-16 units of the shown text). Edges inside a
/// grapheme move behind it.
class ShownText {
 public:
  explicit ShownText(std::string_view text);

  std::int64_t size() const { return static_cast<std::int64_t>(characters_.size()); }
  /// Nearest edge at or after `position`, within the text.
  std::int64_t edge(std::int64_t position) const;
  /// Escaped characters [begin, end); both are edges.
  std::string html(std::int64_t begin, std::int64_t end) const;
  std::int64_t utf16(std::int64_t position) const {
    return utf16_[static_cast<std::size_t>(position)];
  }
  bool has_crlf() const { return has_crlf_; }

 private:
  std::string text_;
  std::vector<Character> characters_;
  std::vector<bool> graphemes_;
  std::vector<std::int64_t> utf16_;  ///< [characters + 1]
  bool has_crlf_ = false;
};

}  // namespace pellucid::report
