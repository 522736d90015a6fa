// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/explanations.h"

#include <limits>

#include "pellucid/base/error.h"
#include "pellucid/cli/input.h"
#include "pellucid/report/html.h"
#include "pellucid/report/json.h"

namespace pellucid::cli {

ExplanationWriter::ExplanationWriter(const Arguments& arguments, Format on_terminal,
                                     Format otherwise)
    : arguments_(arguments),
      output_(arguments),
      format_(choose_format(arguments, output_, on_terminal, otherwise)),
      json_(output_, format_),
      style_(terminal_style(arguments, output_)) {}

void ExplanationWriter::add(const Explanation& explanation) {
  tally_.add();
  switch (format_) {
    case Format::text:
      output_.write((tally_.count() > 1 ? "\n" : "") + to_terminal(explanation, style_));
      break;
    case Format::json:
    case Format::jsonl:
      json_.add(to_json(explanation));
      break;
    case Format::html:
      page_.push_back(explanation);
      break;
  }
  warn_about(explanation);
  if (!explanation.finite()) {
    tally_.fail(
        arguments_,
        fmt::format("text {}: the result holds numbers that are not finite", tally_.count()), true);
  }
}

void ExplanationWriter::warn_about(const Explanation& explanation) {
  for (const std::string& warning : explanation.warnings) {
    if (repeated_[warning]++ > 0) continue;
    warn(arguments_,
         tally_.count() > 1 ? fmt::format("text {}: {}", tally_.count(), warning) : warning);
  }
}

void ExplanationWriter::add_error(const std::string& place, const std::string& id,
                                  const std::string& error, std::int64_t line) {
  tally_.add();
  const bool as_json = format_ == Format::json || format_ == Format::jsonl;
  tally_.fail(arguments_, place + ": " + error, !as_json);
  if (as_json) json_.add(error_json(id, error, line));
}

int ExplanationWriter::finish() {
  if (output_.closed()) return 0;
  if (format_ == Format::json || format_ == Format::jsonl) json_.finish();
  if (format_ == Format::html) {
    check(!page_.empty(), "nothing to draw: no text was explained");
    HtmlOptions options;
    options.command = arguments_.command();
    options.theme = wanted_theme(arguments_);
    if (arguments_.has("top")) {
      options.top = style_.top == 0 ? std::numeric_limits<std::int64_t>::max() : style_.top;
    }
    output_.write(page_.size() == 1 ? to_html(page_.front(), options) : to_html(page_, options));
  }
  output_.finish();
  for (const auto& [warning, times] : repeated_) {
    if (times > 1) warn(arguments_, fmt::format("{} texts: {}", times, warning));
  }
  return tally_.finish(arguments_);
}

}  // namespace pellucid::cli
