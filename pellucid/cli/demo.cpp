// SPDX-License-Identifier: Apache-2.0
// pellucid demo: a first look, with the model that comes with the program.
#include <filesystem>

#include "pellucid/attributions/registry.h"
#include "pellucid/base/error.h"
#include "pellucid/cli/model_argument.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/verbs.h"
#include "pellucid/report/html.h"
#include "pellucid/tasks/explain.h"

namespace pellucid::cli {
namespace {

/// Two feelings at once: what speaks for the one speaks against the other.
constexpr const char* kSentence = "I love this, but I am afraid it will not last.";
constexpr const char* kPage = "pellucid-demo.html";

}  // namespace

int demo(const Arguments& arguments) {
  apply_run_flags(arguments);
  check_usage(arguments.positionals().empty(),
              "demo has its own sentence; to explain yours write: pellucid explain \"{}\"",
              arguments.positionals().empty() ? "" : arguments.positionals().front());
  Output page(arguments.value("output-file").value_or(kPage));
  check_usage(page.is_file(), "demo writes a page to a file and text to standard output");
  Output terminal("-");
  const Model model = Model::bundled();
  ExplainOptions options;
  options.targets = arguments.values("target");
  if (options.targets.empty()) options.targets = {"top:2"};
  if (const auto method = arguments.value("method")) options.method = make_method(*method, {});
  options.run = executor_options(arguments);
  const Explanation explanation = pellucid::explain(model, kSentence, options);
  terminal.write(to_terminal(explanation, terminal_style(arguments, terminal)));
  HtmlOptions page_options;
  page_options.command = arguments.command();
  page_options.theme = wanted_theme(arguments);
  page.write(to_html(explanation, page_options));
  page.finish();
  terminal.write("\n" + std::filesystem::absolute(page.path()).lexically_normal().string() + "\n");
  return explanation.finite() ? 0 : 1;
}

}  // namespace pellucid::cli
