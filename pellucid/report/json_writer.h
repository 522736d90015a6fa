// SPDX-License-Identifier: Apache-2.0
// A JSON text written front to back: the caller gives the order, the writer commas, quotes and
// escapes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pellucid::report {

class JsonWriter {
 public:
  /// safe_in_html: < > & are written as \u003c ..., so that no string can end a script element.
  explicit JsonWriter(bool safe_in_html = false) : safe_in_html_(safe_in_html) {}

  JsonWriter& open(char bracket);   ///< '{' or '['
  JsonWriter& close(char bracket);  ///< '}' or ']'
  JsonWriter& key(std::string_view name);

  JsonWriter& text(std::string_view value);  ///< bytes that are not UTF-8 become U+FFFD
  JsonWriter& integer(std::int64_t value);
  JsonWriter& unsigned_integer(std::uint64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);  ///< a JSON value as it is
  /// The shortest digits that read back to the same number; null when it is not finite.
  JsonWriter& number(double value);
  JsonWriter& number(float value);
  /// Four significant digits, for drawings.
  JsonWriter& rounded(double value);

  JsonWriter& optional_text(const std::optional<std::string>& value);
  JsonWriter& optional_number(const std::optional<double>& value);
  JsonWriter& numbers(std::span<const double> values);
  JsonWriter& numbers(std::span<const float> values);
  JsonWriter& integers(std::span<const std::int64_t> values);
  template <class Texts>
  JsonWriter& texts(const Texts& values) {
    open('[');
    for (const auto& value : values) text(value);
    return close(']');
  }

  std::string take() { return std::move(out_); }

 private:
  void separate();
  template <class Number>
  JsonWriter& shortest(Number value);

  std::string out_;
  bool needs_comma_ = false;
  bool safe_in_html_ = false;
};

}  // namespace pellucid::report
