// SPDX-License-Identifier: Apache-2.0
// Tokens over their text: a page that is written text by text, so that memory does not grow with
// their number, and a table for terminals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pellucid/report/html.h"
#include "pellucid/text/tokenizer.h"

namespace pellucid {

/// head(), any number of sections, tail(). Complete without JavaScript.
class TokenPage {
 public:
  /// name: of the model. numbered: sections are counted, for pages of several texts.
  TokenPage(const Tokenizer& tokenizer, std::string name, bool numbered, HtmlOptions options = {});

  std::string head() const;
  /// One text and its tokens; the windows of a text that was cut follow one another.
  std::string section(std::string_view text, const std::optional<std::string>& pair,
                      const Encoding& encoding);
  std::string tail() const;

 private:
  const Tokenizer& tokenizer_;
  std::string name_;
  bool numbered_;
  HtmlOptions options_;
  std::int64_t count_ = 0;
};

/// The text, then a line for each token: token, id, characters, word. Ends with a line end.
std::string tokens_to_terminal(std::string_view text, const std::optional<std::string>& pair,
                               const Encoding& encoding);

}  // namespace pellucid
