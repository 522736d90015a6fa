// SPDX-License-Identifier: Apache-2.0
// The program: finds the verb, runs it, turns exceptions into exit codes. 0 done, 1 failed, 2 wrong
// usage, 130 and 143 interrupted.
#include <fmt/format.h>

#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/cli/arguments.h"
#include "pellucid/cli/help.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/signals.h"
#include "pellucid/ops/instruction_set.h"

namespace pellucid::cli {
namespace {

int run(std::span<const std::string> words, std::string& where) {
  if (words.empty()) {
    fmt::print(stderr, "{}", overview());
    return 2;
  }
  const std::string& first = words.front();
  Output out("-");
  if (first == "-h" || first == "--help") {
    out.write(overview());
    return 0;
  }
  if (first == "--version") {
    out.write(version_text(words.subspan(1)));
    return 0;
  }
  const Verb& verb = require_verb(first);
  where = fmt::format("{}: ", verb.name);
  const Arguments arguments(verb, words.subspan(1));
  if (!arguments.help_wanted().empty()) {
    out.write(verb_help(verb, arguments.help_wanted() == "--help"));
    return 0;
  }
  return verb.run(arguments);
}

}  // namespace
}  // namespace pellucid::cli

int main(int count, char** values) {
  std::string where;
  const auto failed = [&](int code, const char* message) {
    fmt::print(stderr, "pellucid: {}{}\n", where, message);
    return code;
  };
  pellucid::cli::install_signals();
  try {
    pellucid::limit_instruction_set_from_environment();
    const std::vector<std::string> words(values + 1, values + (count > 0 ? count : 1));
    return pellucid::cli::run(words, where);
  } catch (const pellucid::UsageError& error) {
    return failed(2, error.what());
  } catch (const pellucid::Error& error) {
    return failed(1, error.what());
  } catch (const std::bad_alloc&) {
    return failed(1, "out of memory");
  } catch (const std::exception& error) {
    return failed(1, fmt::format("internal error: {}", error.what()).c_str());
  }
}
