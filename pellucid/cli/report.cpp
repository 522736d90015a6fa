// SPDX-License-Identifier: Apache-2.0
// pellucid report: saved explanations, one JSON object a line, drawn.
#include "pellucid/base/error.h"
#include "pellucid/cli/explanations.h"
#include "pellucid/cli/lines.h"
#include "pellucid/cli/signals.h"
#include "pellucid/cli/verbs.h"
#include "pellucid/report/json.h"

namespace pellucid::cli {

int report(const Arguments& arguments) {
  const auto& files = arguments.positionals();
  check_usage(files.size() == 1, "report takes one file of explanations, found {}", files.size());
  ExplanationWriter writer(arguments, Format::html, Format::html);
  Lines lines(files.front());
  const GracefulStop graceful;
  std::string line;
  while (!writer.output().closed() && lines.next(line)) {
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    try {
      writer.add(explanation_from_json(line));
    } catch (const Error& error) {
      writer.add_error(fmt::format("{}:{}", lines.name(), lines.number()), "null", error.what(),
                       lines.number());
    }
  }
  return writer.finish();
}

}  // namespace pellucid::cli
