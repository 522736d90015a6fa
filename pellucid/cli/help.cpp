// SPDX-License-Identifier: Apache-2.0
// pellucid help: pages made from the tables of verbs and flags.
#include "pellucid/cli/help.h"

#include <fmt/format.h>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/verbs.h"

namespace pellucid::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 28;  // of the second column

/// "-o, --output-file FILE"
std::string spelling(const Flag& flag) {
  std::string text = flag.letter != 0 ? fmt::format("-{}, ", flag.letter) : "    ";
  text += fmt::format("--{}", flag.name);
  if (!flag.value.empty()) text += fmt::format(" {}", flag.value);
  return text;
}

/// Two columns, the second one wrapped.
std::string row(const std::string& left, std::string_view right) {
  std::string line = fmt::format("  {}", left);
  std::string out;
  if (line.size() + 1 > kIndent) {
    out = line + "\n";
    line.clear();
  }
  line.resize(kIndent, ' ');
  bool empty = true;
  while (!right.empty()) {
    const std::size_t blank = right.find(' ');
    const std::string_view word = right.substr(0, blank);
    right = blank == std::string_view::npos ? "" : right.substr(blank + 1);
    if (!empty && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line.assign(kIndent, ' ');
      empty = true;
    }
    line += (empty ? "" : " ") + std::string(word);
    empty = false;
  }
  return out + line + "\n";
}

template <class Line>
void for_each_line(std::string_view text, const Line& line) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    line(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
}

/// A screen shows where texts come from, what is asked and how it is written.
bool on_first_screen(const Flag& flag) {
  switch (flag.group) {
    case Group::model:
    case Group::running:
      return false;
    case Group::how:
      return flag.name == "method" || flag.name == "steps" || flag.name == "baseline";
    case Group::output:
      return flag.name == "format" || flag.name == "output-file" || flag.name == "help";
    default:
      return true;
  }
}

/// - is a minus, not a hyphen, and a dot at the front of a line is text.
std::string troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-') {
      out += "\\-";
    } else if (c == '\\') {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

}  // namespace

std::string overview() {
  std::string text =
      "pellucid explains transformer language models: which tokens, words or\n"
      "sentences made a model answer as it did.\n\nusage: pellucid VERB [MODEL] [TEXT ...] "
      "[flags]\n\n";
  for (const Verb& verb : verbs()) text += fmt::format("  {:<12}{}\n", verb.name, verb.summary);
  return text +
         "\n  pellucid explain \"I love this, but I am afraid.\"\n"
         "  pellucid help VERB     all flags of a verb\n"
         "  pellucid --version\n";
}

std::string verb_help(const Verb& verb, bool complete) {
  std::string text = fmt::format("pellucid {}: {}\n\nusage: pellucid {} {}\n", verb.name,
                                 verb.summary, verb.name, verb.usage);
  if (complete) {
    text += "\nExamples\n";
    for_each_line(verb.examples, [&](auto line) { text += fmt::format("  {}\n", line); });
  }
  for (const Group group : {Group::model, Group::texts, Group::what, Group::how, Group::saving,
                            Group::running, Group::output}) {
    std::string rows;
    for (const Flag& flag : flags()) {
      if ((flag.verbs & verb.bit) == 0 || flag.group != group) continue;
      if (complete || on_first_screen(flag)) rows += row(spelling(flag), flag.help);
    }
    if (!rows.empty()) text += fmt::format("\n{}\n{}", title(group), rows);
  }
  if (!complete) text += fmt::format("\nAll flags and examples: pellucid {} --help\n", verb.name);
  return text;
}

std::string man_page() {
  std::string page = fmt::format(
      ".TH PELLUCID 1 \"\" \"pellucid {}\" \"User Commands\"\n.SH NAME\npellucid \\- explain "
      "transformer language models\n.SH SYNOPSIS\n.B pellucid\n.I VERB\n[MODEL] [TEXT ...] "
      "[flags]\n",
      PELLUCID_VERSION);
  for (const Verb& verb : verbs()) {
    page += fmt::format(".SH {}\n.B pellucid {}\n{}\n.PP\n{}.\n", troff(verb.name),
                        troff(verb.name), troff(verb.usage), troff(verb.summary));
    page += ".PP\n.nf\n";
    for_each_line(verb.examples, [&](auto line) { page += troff(line) + "\n"; });
    page += ".fi\n";
    for (const Flag& flag : flags()) {
      if ((flag.verbs & verb.bit) == 0) continue;
      const std::string text = spelling(flag);
      page += fmt::format(".TP\n.B {}\n{}\n", troff(text.substr(text.find_first_not_of(' '))),
                          troff(flag.help));
    }
  }
  return page +
         ".SH EXIT STATUS\n0 done, 1 something failed, 2 wrong usage, 130 and 143 interrupted.\n"
         ".SH ENVIRONMENT\nPELLUCID_THREADS, PELLUCID_MEMORY, PELLUCID_PRECISION, "
         "PELLUCID_INSTRUCTION_SET, PELLUCID_DATA, HF_HUB_CACHE, HF_HOME, HF_ENDPOINT, HF_TOKEN, "
         "HF_TOKEN_PATH, HF_HUB_OFFLINE, NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, COLUMNS.\n";
}

std::string version_text(std::span<const std::string> words) {
  std::string text = fmt::format("pellucid {}\n", PELLUCID_VERSION);
  if (words.empty()) return text;
  check_usage(words.size() == 1 && (words[0] == "--verbose" || words[0] == "-v"),
              "--version takes only --verbose, found {}", quote(words[0]));
  text += fmt::format("compiler: {}\nthreads: {}\n", __VERSION__, thread_count());
  return text;
}

int help(const Arguments& arguments) {
  Output out("-");
  const auto& names = arguments.positionals();
  check_usage(names.size() < 2, "help takes one verb, found {}", names.size());
  if (arguments.has("man")) {
    out.write(man_page());
  } else {
    out.write(names.empty() ? overview() : verb_help(require_verb(names.front()), true));
  }
  return 0;
}

}  // namespace pellucid::cli
