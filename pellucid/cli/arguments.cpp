// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/arguments.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid::cli {
namespace {

/// Numbers in full, with nothing before or after.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

const Flag* find_flag(const Verb& verb, std::string_view name, char letter) {
  for (const Flag& flag : flags()) {
    if ((flag.verbs & verb.bit) == 0) continue;
    if (letter != 0 ? flag.letter == letter : flag.name == name) return &flag;
  }
  return nullptr;
}

[[noreturn]] void refuse_flag(const Verb& verb, const std::string& word) {
  std::vector<std::string> known;
  std::vector<std::string> elsewhere;
  for (const Flag& flag : flags()) {
    if ((flag.verbs & verb.bit) != 0) known.push_back(fmt::format("--{}", flag.name));
    if (fmt::format("--{}", flag.name) != word) continue;
    for (const Verb& other : verbs()) {
      if ((flag.verbs & other.bit) != 0) elsewhere.emplace_back(other.name);
    }
  }
  if (!elsewhere.empty()) {
    fail_usage("unknown flag {} (it belongs to: {})", quote(word), fmt::join(elsewhere, ", "));
  }
  const std::string near = did_you_mean(word, known);
  if (!near.empty()) fail_usage("unknown flag {}{}", quote(word), near);
  fail_usage(
      "unknown flag {} (flags: pellucid help {}; texts that begin with a dash come after --)",
      quote(word), verb.name);
}

}  // namespace

const Verb* find_verb(std::string_view name) {
  const auto all = verbs();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Verb& require_verb(std::string_view name) {
  if (const Verb* verb = find_verb(name)) return *verb;
  std::vector<std::string> known;
  for (const Verb& verb : verbs()) known.emplace_back(verb.name);
  fail_usage("unknown verb {} (verbs: {}{})", quote(name), fmt::join(known, ", "),
             did_you_mean(name, known));
}

Arguments::Arguments(const Verb& verb, std::span<const std::string> words)
    : verb_(&verb), words_(words.begin(), words.end()) {
  std::size_t at = 0;
  while (at < words.size()) {
    const std::string& word = words[at];
    if (word == "--") break;
    if (word.starts_with("--")) {
      at = read_long(words, at);
    } else if (word.size() > 1 && word[0] == '-') {
      at = read_letters(words, at);
    } else {
      positionals_.push_back(word);
      ++at;
    }
  }
  literal_from_ = positionals_.size();
  if (at < words.size())
    positionals_.insert(positionals_.end(), words.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                        words.end());
}

/// --name VALUE, --name=VALUE, --switch, --no-switch; returns the place of the next word.
std::size_t Arguments::read_long(std::span<const std::string> words, std::size_t at) {
  const std::string& word = words[at];
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
  const bool has_value = equals != std::string::npos;
  if (read_switch(name, has_value)) return at + 1;
  const Flag* flag = find_flag(*verb_, name, 0);
  if (flag == nullptr) refuse_flag(*verb_, "--" + name);
  if (has_value) {
    store(*flag, word.substr(equals + 1));
    return at + 1;
  }
  check_usage(at + 1 < words.size(), "--{} needs a value ({})", name, flag->value);
  store(*flag, words[at + 1]);
  return at + 2;
}

/// A switch by its name, or by the opposite of its name (--no-negate, --progress).
bool Arguments::read_switch(std::string_view name, bool has_value) {
  const Flag* flag = find_flag(*verb_, name, 0);
  bool on = true;
  if (flag == nullptr) {
    const std::string opposite =
        name.starts_with("no-") ? std::string(name.substr(3)) : fmt::format("no-{}", name);
    flag = find_flag(*verb_, opposite, 0);
    on = false;
  }
  if (flag == nullptr || !flag->value.empty()) return false;
  check_usage(!has_value, "--{} takes no value", name);
  if (flag->name == "help") help_ = "--help";
  values_.erase(std::string(flag->name));
  if (on) store(*flag, "");
  return true;
}

/// -o FILE, -oFILE, -qv; returns the place of the next word.
std::size_t Arguments::read_letters(std::span<const std::string> words, std::size_t at) {
  const std::string& word = words[at];
  for (std::size_t i = 1; i < word.size(); ++i) {
    const Flag* flag = find_flag(*verb_, "", word[i]);
    if (flag == nullptr) refuse_flag(*verb_, word);
    if (flag->value.empty()) {
      if (flag->name == "help" && help_.empty()) help_ = "-h";
      store(*flag, "");
      continue;
    }
    if (i + 1 < word.size()) {
      store(*flag, word.substr(i + 1));
      return at + 1;
    }
    check_usage(at + 1 < words.size(), "-{} needs a value ({})", word[i], flag->value);
    store(*flag, words[at + 1]);
    return at + 2;
  }
  return at + 1;
}

void Arguments::store(const Flag& flag, std::string value) {
  values_[std::string(flag.name)].push_back(std::move(value));
}

std::string Arguments::command() const {
  std::string text(verb_->name);
  for (std::string word : words_) {
    std::error_code problem;
    const std::filesystem::path path(word);
    // A file to be written may not be there yet; its folder is.
    if (path.has_parent_path() && std::filesystem::is_directory(path.parent_path(), problem)) {
      word = path.filename().string();
    }
    const bool plain =
        !word.empty() && word.find_first_of(" \t\n\"'\\$&|;<>()*?[]{}") == std::string::npos;
    text += " " + (plain ? word : quote(word));
  }
  return text;
}

bool Arguments::has(std::string_view flag) const { return values_.find(flag) != values_.end(); }

std::optional<std::string> Arguments::value(std::string_view flag) const {
  const auto found = values_.find(flag);
  if (found == values_.end()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<std::int64_t> Arguments::integer(std::string_view flag, std::int64_t lowest,
                                               std::int64_t highest) const {
  const auto text = value(flag);
  if (!text) return std::nullopt;
  const auto number = parse_number<std::int64_t>(*text);
  if (number && lowest <= *number && *number <= highest) return number;
  const std::string limits = highest == std::numeric_limits<std::int64_t>::max()
                                 ? fmt::format("{} or more", lowest)
                                 : fmt::format("from {} to {}", lowest, highest);
  fail_usage("--{} is {}, expected an integer, {}", flag, quote(*text), limits);
}

std::optional<std::string> Arguments::choice(std::string_view flag,
                                             const std::vector<std::string>& known) const {
  const auto text = value(flag);
  if (!text) return std::nullopt;
  check_usage(std::find(known.begin(), known.end(), *text) != known.end(),
              "--{} is {}, expected one of: {}{}", flag, quote(*text), fmt::join(known, ", "),
              did_you_mean(*text, known));
  return text;
}

std::int64_t parse_bytes(std::string_view text, std::string_view what) {
  const auto unit_start = text.find_first_not_of("0123456789.");
  const auto number = parse_number<double>(text.substr(0, unit_start));
  std::string unit(unit_start == std::string_view::npos ? "" : text.substr(unit_start));
  std::transform(unit.begin(), unit.end(), unit.begin(), [](char c) {
    return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  double factor = 1;
  bool known = unit.empty() || unit == "b";
  for (const char prefix : {'k', 'm', 'g', 't'}) {
    factor *= known ? 1 : 1024;
    known = known || unit == std::string(1, prefix) || unit == std::string{prefix, 'i', 'b'} ||
            unit == std::string{prefix, 'b'};
  }
  check_usage(number && known && *number * factor >= 1 && *number * factor < 0x1p62,
              "{} is {}, expected a size such as 2GiB, 512MiB or a number of bytes", what,
              quote(text));
  return static_cast<std::int64_t>(*number * factor);
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) parts.emplace_back();
  }
  return parts;
}

}  // namespace pellucid::cli
