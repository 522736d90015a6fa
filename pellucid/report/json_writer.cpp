// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/json_writer.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

#include "pellucid/report/characters.h"

namespace pellucid::report {
namespace {

void append_escaped(std::string& out, std::string_view value, bool safe_in_html) {
  for (const Character& c : characters(value)) {
    if (!c.valid) {
      out += "\xef\xbf\xbd";
    } else if (c.value == '"' || c.value == '\\') {
      out += '\\';
      out += static_cast<char>(c.value);
    } else if (c.value == '\n') {
      out += "\\n";
    } else if (c.value == '\t') {
      out += "\\t";
    } else if (is_control(c.value) ||  // U+0085, U+2028 and U+2029 end lines for some readers of
                                       // JSON Lines
               (safe_in_html && (c.value == '<' || c.value == '>' || c.value == '&'))) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c.value));
    } else {
      out += c.in(value);
    }
  }
}

}  // namespace

void JsonWriter::separate() {
  if (needs_comma_) out_ += ',';
  needs_comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  text(name);
  out_ += ':';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  out_ += '"';
  append_escaped(out_, value, safe_in_html_);
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::unsigned_integer(std::uint64_t value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

template <class Number>
JsonWriter& JsonWriter::shortest(Number value) {
  if (!std::isfinite(value)) return null();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  const std::string_view written(digits, static_cast<std::size_t>(end - digits));
  raw(written);
  // A number that happens to be whole stays a real number for readers that tell the two apart.
  if (written.find_first_of(".e") == std::string_view::npos) out_ += ".0";
  return *this;
}

JsonWriter& JsonWriter::number(double value) { return shortest(value); }

JsonWriter& JsonWriter::number(float value) { return shortest(value); }

JsonWriter& JsonWriter::rounded(double value) {
  return std::isfinite(value) ? raw(fmt::format("{:.4g}", value)) : null();
}

JsonWriter& JsonWriter::optional_text(const std::optional<std::string>& value) {
  return value ? text(*value) : null();
}

JsonWriter& JsonWriter::optional_number(const std::optional<double>& value) {
  return value ? number(*value) : null();
}

JsonWriter& JsonWriter::numbers(std::span<const double> values) {
  open('[');
  for (const double value : values) number(value);
  return close(']');
}

JsonWriter& JsonWriter::numbers(std::span<const float> values) {
  open('[');
  for (const float value : values) number(value);
  return close(']');
}

JsonWriter& JsonWriter::integers(std::span<const std::int64_t> values) {
  open('[');
  for (const std::int64_t value : values) integer(value);
  return close(']');
}

}  // namespace pellucid::report
