// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/input.h"

#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/json_item.h"
#include "pellucid/text/unicode.h"

namespace pellucid::cli {
namespace {

constexpr std::array kFileFlags{"file", "input", "csv"};

/// `cat texts | pellucid explain MODEL`: a pipe or a file, but never a terminal that would wait.
bool stdin_has_data() {
  struct stat status {};
  return ::fstat(STDIN_FILENO, &status) == 0 &&
         (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
}

/// Throws Error for what is no text: bytes that are not UTF-8, NUL.
void check_text(const std::string& text) {
  decode_utf8(text, "the text");
  const std::size_t nul = text.find('\0');
  check(nul == std::string::npos, "the text holds a NUL byte (byte {})", nul);
}

void check_item(const Item& item) {
  check_text(item.text);
  if (item.pair) check_text(*item.pair);
}

/// "0-6,10-16": characters of the text, the end is not among them.
UserSpans parse_spans(const std::string& text) {
  UserSpans spans;
  for (const std::string& part : split_commas(text)) {
    const std::size_t dash = part.find('-');
    Span span;
    const char* last = part.data() + part.size();
    const auto start = std::from_chars(part.data(), last, span.start);
    const bool has_dash = dash != std::string::npos && start.ptr == part.data() + dash;
    const auto end = std::from_chars(has_dash ? start.ptr + 1 : last, last, span.end);
    check_usage(start.ec == std::errc() && has_dash && end.ec == std::errc() && end.ptr == last,
                "--spans is {}, expected START-END,START-END ...", quote(text));
    spans.text.push_back(span);
  }
  check_usage(!spans.text.empty(), "--spans is empty, expected START-END,START-END ...");
  return spans;
}

ItemUse use_of(const Arguments& arguments) {
  if (arguments.has("decode")) return ItemUse::decode;
  const std::string_view verb = arguments.verb().name;
  return verb == "explain"    ? ItemUse::explain
         : verb == "tokenize" ? ItemUse::tokenize
                              : ItemUse::predict;
}

}  // namespace

bool has_file_flags(const Arguments& arguments) {
  return std::any_of(kFileFlags.begin(), kFileFlags.end(),
                     [&](const char* flag) { return arguments.has(flag); });
}

bool has_text_flags(const Arguments& arguments) {
  return arguments.has("text") || has_file_flags(arguments);
}

TextSource::TextSource(const Arguments& arguments, std::vector<std::string> texts)
    : texts_(std::move(texts)), pairs_(arguments.values("pair")), use_(use_of(arguments)) {
  for (std::string& text : arguments.values("text")) texts_.push_back(std::move(text));
  for (const std::string& spans : arguments.values("spans")) spans_.push_back(parse_spans(spans));
  std::vector<std::string> places;
  if (!texts_.empty()) places.emplace_back("the arguments");
  for (const char* flag : kFileFlags) {
    if (const auto path = arguments.value(flag)) places.push_back(fmt::format("--{}", flag));
    check_usage(arguments.values(flag).size() < 2, "--{} is given twice", flag);
  }
  check_usage(places.size() < 2, "texts come from {}: give one of them",
              fmt::join(places, " and from "));
  check_usage(arguments.has("csv") == arguments.has("column"),
              "--csv FILE and --column NAME need each other");
  if (!texts_.empty()) {
    check_usage(pairs_.size() < 2 || pairs_.size() == texts_.size(),
                "{} texts, but {} pairs (give one, or one for each text)", texts_.size(),
                pairs_.size());
    check_usage(spans_.size() < 2 || spans_.size() == texts_.size(),
                "{} texts, but --spans is given {} times (give it once, or once for each text)",
                texts_.size(), spans_.size());
    return;
  }
  check_usage(pairs_.empty(),
              "--pair needs a text from the arguments (in files: a field \"pair\")");
  check_usage(spans_.empty(),
              "--spans needs a text from the arguments (in files: a field \"spans\")");
  std::string path = "-";
  if (places.empty()) {
    check_usage(stdin_has_data(), "no text: write one, or give --text, --file, --input or --csv");
    kind_ = use_ == ItemUse::decode ? Kind::json : Kind::lines;
  } else if (const auto table = arguments.value("csv")) {
    kind_ = Kind::table;
    path = *table;
  } else if (const auto json = arguments.value("input")) {
    kind_ = Kind::json;
    path = *json;
  } else {
    kind_ = Kind::lines;
    path = *arguments.value("file");
  }
  lines_ = std::make_unique<Lines>(path);
  if (kind_ == Kind::table) open_table(arguments);
}

/// Reads the names of the columns.
void TextSource::open_table(const Arguments& arguments) {
  const std::string name = *arguments.value("column");
  std::vector<std::string> names;
  check(next_record(*lines_, names), "{}: is empty, expected a line of column names",
        lines_->name());
  const auto found = std::find(names.begin(), names.end(), name);
  check_usage(found != names.end(), "{}: unknown column {} (columns: {}{})", lines_->name(),
              quote(name), fmt::join(names, ", "), did_you_mean(name, names));
  column_ = static_cast<std::size_t>(found - names.begin());
  columns_ = names.size();
}

void TextSource::fill_from_arguments(Input& input) {
  input.item.text = texts_[at_];
  if (!pairs_.empty()) input.item.pair = pairs_[pairs_.size() == 1 ? 0 : at_];
  if (!spans_.empty()) input.item.spans = spans_[spans_.size() == 1 ? 0 : at_];
  input.line = static_cast<std::int64_t>(++at_);
}

bool TextSource::next(Input& input) {
  input = Input();
  try {
    std::string line;
    if (kind_ == Kind::arguments) {
      if (at_ == texts_.size()) return false;
      fill_from_arguments(input);
    } else if (kind_ == Kind::table) {
      std::vector<std::string> fields;
      input.line = lines_->number() + 1;
      if (!next_record(*lines_, fields)) return false;
      check(fields.size() == columns_, "{} fields, expected {}", fields.size(), columns_);
      input.item.text = fields[column_];
    } else {
      do {  // blank lines between JSON objects mean nothing; a blank text is a text
        if (!lines_->next(line)) return false;
      } while (kind_ == Kind::json && line.find_first_not_of(" \t") == std::string::npos);
      input.line = lines_->number();
      if (kind_ == Kind::lines) {
        input.item.text = line;
      } else {
        read_json_item(line, use_, input);
      }
    }
    check_item(input.item);
  } catch (const Error& error) {
    input.error = error.what();
  }
  return true;
}

std::optional<std::int64_t> TextSource::count() const {
  if (lines_ == nullptr) return static_cast<std::int64_t>(texts_.size());
  return lines_->count();
}

std::string TextSource::place(const Input& input) const {
  if (lines_ == nullptr) return fmt::format("text {}", input.line);
  return fmt::format("{}:{}", lines_->name(), input.line);
}

}  // namespace pellucid::cli
