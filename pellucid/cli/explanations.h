// SPDX-License-Identifier: Apache-2.0
// Explanations on their way out, in every format, with the errors between them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pellucid/attributions/explanation.h"
#include "pellucid/cli/output.h"

namespace pellucid::cli {

class ExplanationWriter {
 public:
  /// Decides format and place; throws before any work is done.
  explicit ExplanationWriter(const Arguments& arguments, Format on_terminal = Format::text,
                             Format otherwise = Format::jsonl);

  void add(const Explanation& explanation);
  /// place: "a.jsonl:17". In JSON an object stands in the text's place, else a line on standard
  /// error.
  void add_error(const std::string& place, const std::string& id, const std::string& error,
                 std::int64_t line);
  /// Completes the output and returns the exit code.
  int finish();

  const Output& output() const { return output_; }

 private:
  void warn_about(const Explanation& explanation);

  const Arguments& arguments_;
  Output output_;
  Format format_;
  JsonResults json_;
  TerminalStyle style_;
  std::vector<Explanation> page_;  // html: drawn together at the end
  Tally tally_;
  std::map<std::string, std::int64_t> repeated_;  // equal warnings are counted
};

}  // namespace pellucid::cli
