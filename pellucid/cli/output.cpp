// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/output.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <system_error>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/signals.h"

namespace pellucid::cli {
namespace {

struct FormatName {
  Format format;
  std::string_view name;
  std::string_view suffix;
};

constexpr std::array kFormats{
    FormatName{Format::text, "text", ".txt"},     FormatName{Format::json, "json", ".json"},
    FormatName{Format::jsonl, "jsonl", ".jsonl"}, FormatName{Format::html, "html", ".html"},
    FormatName{Format::html, "html", ".htm"},
};

/// The names of the verb's formats, from the placeholder of its flag.
std::vector<std::string> known_formats(const Verb& verb) {
  std::vector<std::string> names;
  for (const Flag& flag : flags()) {
    if (flag.name != "format" || (flag.verbs & verb.bit) == 0) continue;
    std::string_view rest = flag.value;
    while (!rest.empty()) {
      const std::size_t bar = rest.find('|');
      names.emplace_back(rest.substr(0, bar));
      rest = bar == std::string_view::npos ? "" : rest.substr(bar + 1);
    }
  }
  return names;
}

Format parse_format(std::string_view name) {
  for (const FormatName& known : kFormats) {
    if (known.name == name) return known.format;
  }
  fail_usage("unknown format {}", quote(name));
}

/// Throws Error as AtomicFile would, but leaves no trace.
void check_writable(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code problem;
  check(!path.empty(), "the name of a file to write is empty");
  check(!fs::is_directory(path, problem), "{}: is a folder, expected the name of a file", path);
  const fs::path parent = fs::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  check(fs::is_directory(folder, problem), "{}: cannot be written: there is no folder {}", path,
        folder);
  const bool special = fs::exists(path, problem) && !fs::is_regular_file(path, problem);
  if (::access(special ? path.c_str() : folder.c_str(), W_OK) != 0) {
    fail("{}: cannot be written: {}", path, std::generic_category().message(errno));
  }
}

void write_line(std::string_view line) {
  while (!line.empty()) {
    const ssize_t count = ::write(STDERR_FILENO, line.data(), line.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

Output::Output(const Arguments& arguments) : Output(arguments.value("output-file").value_or("-")) {}

Output::Output(std::string path) : path_(std::move(path)) {
  if (is_file()) check_writable(path_);
}

void Output::write(std::string_view text) {
  if (is_file()) {
    if (file_ == nullptr) file_ = std::make_unique<AtomicFile>(path_);
    file_->write(text);
    return;
  }
  while (!text.empty() && !closed_) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) {
      closed_ = true;
      return;
    }
    if (count < 0) {
      fail("standard output: cannot be written: {}", std::generic_category().message(errno));
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Output::finish() {
  if (!is_file()) return;
  if (file_ == nullptr) file_ = std::make_unique<AtomicFile>(path_);
  file_->commit();
}

bool Output::is_terminal() const { return !is_file() && ::isatty(STDOUT_FILENO) == 1; }

Format choose_format(const Arguments& arguments, const Output& output, Format on_terminal,
                     Format otherwise) {
  const std::vector<std::string> known = known_formats(arguments.verb());
  const auto asked = arguments.choice("format", known);
  const std::string suffix =
      output.is_file() ? std::filesystem::path(output.path()).extension().string() : "";
  std::string_view implied;
  for (const FormatName& format : kFormats) {
    if (format.suffix == suffix) implied = format.name;
  }
  if (asked) {
    check_usage(implied.empty() || implied == *asked, "-o {} says {}, but --format says {}",
                output.path(), implied, *asked);
    return parse_format(*asked);
  }
  if (implied.empty()) {
    check_usage(suffix.empty(), "-o {}: the suffix tells no format: add --format (formats: {})",
                output.path(), fmt::join(known, ", "));
    return output.is_terminal() ? on_terminal : otherwise;
  }
  for (const std::string& name : known) {
    if (name == implied) return parse_format(name);
  }
  fail_usage("-o {}: {} does not write {} (formats: {})", output.path(), arguments.verb().name,
             implied, fmt::join(known, ", "));
}

void JsonResults::add(const std::string& json) {
  ++count_;
  if (format_ == Format::jsonl) {
    output_.write(json + "\n");
  } else if (count_ == 1) {
    first_ = json;
  } else {
    output_.write((count_ == 2 ? "[" + first_ : std::string()) + ",\n" + json);
  }
}

void JsonResults::finish() {
  if (format_ == Format::jsonl) return;
  output_.write(count_ == 0 ? "[]\n" : count_ == 1 ? first_ + "\n" : "]\n");
}

void Tally::fail(const Arguments& arguments, const std::string& message, bool aloud) {
  if (failed_++ == 0) first_ = message;
  said_ = said_ || aloud;
  if (aloud) complain(arguments, message);
}

int Tally::finish(const Arguments& arguments) const {
  if (count_ == 0) warn(arguments, "there was no text");
  if (failed_ > 0 && (count_ > 1 || !said_)) {
    complain(arguments, fmt::format("{} of {} failed (first: {})", failed_, count_, first_));
  }
  if (const int code = stop_requested()) return code;
  return failed_ > 0 ? 1 : 0;
}

Theme wanted_theme(const Arguments& arguments) {
  const auto theme = arguments.choice("theme", {"auto", "light", "dark"});
  return theme == "light" ? Theme::light : theme == "dark" ? Theme::dark : Theme::automatic;
}

TerminalStyle terminal_style(const Arguments& arguments, const Output& output) {
  const auto colour = arguments.choice("color", {"auto", "always", "never"}).value_or("auto");
  ColourChoice choice = colour == "always"  ? ColourChoice::always
                        : colour == "never" ? ColourChoice::never
                                            : ColourChoice::automatic;
  if (output.is_file() && choice == ColourChoice::automatic) choice = ColourChoice::never;
  TerminalStyle style = TerminalStyle::detect(choice, STDOUT_FILENO, wanted_theme(arguments));
  if (arguments.value("top") == "all") {
    style.top = 0;
  } else if (const auto top = arguments.integer("top", 1, std::numeric_limits<int>::max())) {
    style.top = *top;
  }
  return style;
}

void complain(const Arguments& arguments, std::string_view message) {
  write_line(fmt::format("pellucid: {}: {}\n", arguments.verb().name, message));
}

void warn(const Arguments& arguments, std::string_view message) {
  if (arguments.has("quiet")) return;
  write_line(fmt::format("pellucid: {}: warning: {}\n", arguments.verb().name, message));
}

}  // namespace pellucid::cli
