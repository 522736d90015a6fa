// SPDX-License-Identifier: Apache-2.0
// pellucid completion: scripts for bash, zsh and fish, made from the tables of verbs and flags.
#include <fmt/ranges.h>

#include "pellucid/attributions/registry.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/verbs.h"

namespace pellucid::cli {
namespace {

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) names.emplace_back(verb.name);
  return names;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const MethodEntry& method : pellucid::methods()) names.push_back(method.name);
  return names;
}

/// Words that a flag takes, blank separated; "" when they cannot be listed.
std::string values_of(const Flag& flag) {
  if (flag.name == "method") return fmt::format("{}", fmt::join(method_names(), " "));
  std::string words(flag.value);
  if (words.find('|') == std::string::npos) return "";
  for (char& c : words) {
    if (c == '|') c = ' ';
  }
  return words;
}

/// For bash, and for zsh through its bash mode.
std::string bash_script() {
  std::string script = fmt::format(
      "_pellucid() {{\n"
      "  local word=\"${{COMP_WORDS[COMP_CWORD]}}\" before=\"${{COMP_WORDS[COMP_CWORD-1]}}\"\n"
      "  local verb=\"${{COMP_WORDS[1]}}\" flags=\"\"\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$word\"))\n    return\n  fi\n"
      "  case \"$verb:$before\" in\n",
      fmt::join(verb_names(), " "));
  std::string words;
  for (const Verb& verb : verbs()) {
    std::vector<std::string> names;
    for (const Flag& flag : flags()) {
      if ((flag.verbs & verb.bit) == 0) continue;
      names.push_back(fmt::format("--{}", flag.name));
      const std::string values = values_of(flag);
      if (values.empty()) continue;
      script += fmt::format(
          "    {}:--{}{}) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n", verb.name,
          flag.name, flag.letter != 0 ? fmt::format("|{}:-{}", verb.name, flag.letter) : "",
          values);
    }
    words += fmt::format("    {}) flags=\"{}\" ;;\n", verb.name, fmt::join(names, " "));
  }
  script += fmt::format(
      "    help:help) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n"
      "    methods:methods) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n"
      "    completion:completion) COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$word\")); return "
      ";;\n",
      fmt::join(verb_names(), " "), fmt::join(method_names(), " "));
  return script + "  esac\n  case \"$verb\" in\n" + words +
         "  esac\n"
         "  if [[ $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "  fi\n}\n"
         "complete -o filenames -F _pellucid pellucid\n";
}

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_script() {
  std::string script;
  for (const Verb& verb : verbs()) {
    script += fmt::format("complete -c pellucid -n __fish_use_subcommand -f -a {} -d {}\n",
                          verb.name, fish_quoted(verb.summary));
    for (const Flag& flag : flags()) {
      if ((flag.verbs & verb.bit) == 0) continue;
      script += fmt::format("complete -c pellucid -n '__fish_seen_subcommand_from {}' -l {}",
                            verb.name, flag.name);
      if (flag.letter != 0) script += fmt::format(" -s {}", flag.letter);
      if (!flag.value.empty()) script += " -r";
      const std::string values = values_of(flag);
      if (!values.empty()) script += fmt::format(" -f -a {}", fish_quoted(values));
      script += fmt::format(" -d {}\n", fish_quoted(flag.help));
    }
  }
  return script;
}

}  // namespace

int completion(const Arguments& arguments) {
  const auto& shells = arguments.positionals();
  check_usage(shells.size() == 1, "completion takes one shell: bash, zsh or fish");
  Output out("-");
  if (shells[0] == "bash") {
    out.write(bash_script());
  } else if (shells[0] == "zsh") {
    out.write("#compdef pellucid\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script());
  } else if (shells[0] == "fish") {
    out.write(fish_script());
  } else {
    fail_usage("unknown shell {} (shells: bash, zsh, fish{})", quote(shells[0]),
               did_you_mean(shells[0], {"bash", "zsh", "fish"}));
  }
  return 0;
}

}  // namespace pellucid::cli
