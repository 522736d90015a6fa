// SPDX-License-Identifier: Apache-2.0
// What was written on the command line. One table of verbs and one of flags (flags.cpp): parser,
// help and completion all come from them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid::cli {

class Arguments;

struct Verb {
  std::string_view name;
  std::string_view summary;   ///< one line
  std::string_view usage;     ///< what follows "pellucid VERB"
  std::string_view examples;  ///< whole commands, one a line
  std::uint32_t bit;          ///< in Flag::verbs
  int (*run)(const Arguments& arguments);
};

/// Sections of the help, in this order.
enum class Group { model, texts, what, how, saving, running, output };

struct Flag {
  std::string_view name;   ///< without dashes; empty: a letter alone
  char letter;             ///< 0: none
  std::string_view value;  ///< placeholder ("N", "auto|always|never"); empty: a switch
  std::uint32_t verbs;     ///< bits of the verbs that know it
  Group group;
  std::string_view help;
};

std::span<const Verb> verbs();
std::span<const Flag> flags();
std::string_view title(Group group);
/// Null: there is none.
const Verb* find_verb(std::string_view name);
/// Throws UsageError with the nearest name.
const Verb& require_verb(std::string_view name);

class Arguments {
 public:
  /// `words`: what follows the verb. Throws UsageError for unknown flags (with the nearest),
  /// missing values and values that a switch does not take.
  Arguments(const Verb& verb, std::span<const std::string> words);

  const Verb& verb() const { return *verb_; }
  /// As it was written, with paths cut to the names of files: for pages that others read.
  std::string command() const;
  std::string_view help_wanted() const { return help_; }  ///< "-h", "--help" or ""
  const std::vector<std::string>& positionals() const { return positionals_; }
  /// Positionals from this one on stood after "--".
  std::size_t literal_from() const { return literal_from_; }

  bool has(std::string_view flag) const;  ///< a switch that is on, or a value that was given
  std::optional<std::string> value(std::string_view flag) const;  ///< the last one given
  std::vector<std::string> values(std::string_view flag) const;   ///< all, in order
  /// Throws UsageError unless the value is an integer from `lowest` to `highest`.
  std::optional<std::int64_t> integer(std::string_view flag, std::int64_t lowest,
                                      std::int64_t highest) const;
  /// One of the known words, else UsageError with the nearest.
  std::optional<std::string> choice(std::string_view flag,
                                    const std::vector<std::string>& known) const;

 private:
  std::size_t read_long(std::span<const std::string> words, std::size_t at);
  std::size_t read_letters(std::span<const std::string> words, std::size_t at);
  bool read_switch(std::string_view name, bool has_value);
  void store(const Flag& flag, std::string value);

  const Verb* verb_;
  std::vector<std::string> words_;
  std::string_view help_;
  std::vector<std::string> positionals_;
  std::size_t literal_from_ = 0;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// "2GiB", "2G" (the same), "512MiB", "1500000" (bytes). Throws UsageError naming `what`.
std::int64_t parse_bytes(std::string_view text, std::string_view what);
/// Parts between commas; an empty text has none.
std::vector<std::string> split_commas(std::string_view text);

}  // namespace pellucid::cli
