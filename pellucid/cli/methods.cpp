// SPDX-License-Identifier: Apache-2.0
// pellucid methods: what the registry holds.
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "pellucid/attributions/registry.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/verbs.h"

namespace pellucid::cli {
namespace {

const MethodEntry& find_method(const std::string& wanted) {
  std::vector<std::string> known;
  for (const MethodEntry& method : pellucid::methods()) {
    if (method.name == wanted) return method;
    known.push_back(method.name);
  }
  fail_usage("unknown method {} (methods: {}{})", quote(wanted), fmt::join(known, ", "),
             did_you_mean(wanted, known));
}

std::string json(const MethodEntry& method) {
  nlohmann::ordered_json object;
  object["name"] = method.name;
  object["kind"] = "attribution";
  object["summary"] = method.summary;
  object["source"] = method.source;
  object["cost"] = method.cost;
  object["complete"] = method.complete;
  object["perturbs"] = method.perturbs;
  object["options"] = nlohmann::ordered_json::array();
  for (const MethodOption& option : method.options) {
    object["options"].push_back({{"name", option.name},
                                 {"default", option.default_value},
                                 {"values", option.values},
                                 {"summary", option.summary}});
  }
  return object.dump();
}

/// As it is written on the command line: a flag of explain, or --set NAME=.
std::string written(const MethodOption& option) {
  const std::uint32_t explain = require_verb("explain").bit;
  for (const Flag& flag : flags()) {
    if (flag.name == option.name && (flag.verbs & explain) != 0) return "--" + option.name;
  }
  return fmt::format("--set {}=", option.name);
}

std::string short_text(const MethodEntry& method) {
  std::vector<std::string> names;
  for (const MethodOption& option : method.options) names.push_back(written(option));
  return fmt::format("{}\n  {}\n  cost: {}\n  options: {}\n", method.name, method.summary,
                     method.cost,
                     names.empty() ? "none" : fmt::format("{}", fmt::join(names, "  ")));
}

std::string long_text(const MethodEntry& method) {
  std::string text = fmt::format(
      "{}\n  {}\n  source: {}\n  cost: {}\n  {}\n", method.name, method.summary, method.source,
      method.cost,
      method.complete ? "complete: the scores sum to value - baseline value, up to the gap stated"
                      : "the scores need not sum to value - baseline value");
  for (const MethodOption& option : method.options) {
    text += fmt::format("\n  {}  (default {})\n      {}\n      {}\n", written(option),
                        option.default_value.empty() ? "none" : option.default_value,
                        option.summary, option.values);
  }
  return text;
}

}  // namespace

int methods(const Arguments& arguments) {
  Output output(arguments);
  const Format format = choose_format(arguments, output, Format::text, Format::text);
  std::vector<const MethodEntry*> wanted;
  for (const std::string& name : arguments.positionals()) wanted.push_back(&find_method(name));
  const bool details = !wanted.empty();
  if (!details) {
    for (const MethodEntry& method : pellucid::methods()) wanted.push_back(&method);
  }
  std::vector<std::string> parts;
  for (const MethodEntry* method : wanted) {
    parts.push_back(format == Format::json ? json(*method)
                    : details              ? long_text(*method)
                                           : short_text(*method));
  }
  if (format == Format::json) {
    output.write(parts.size() == 1 && details ? parts[0] + "\n"
                                              : fmt::format("[{}]\n", fmt::join(parts, ",\n")));
  } else {
    output.write(fmt::format("{}", fmt::join(parts, "\n")));
  }
  output.finish();
  return 0;
}

}  // namespace pellucid::cli
