// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/method_options.h"

#include <algorithm>
#include <charconv>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

template <class Number>
Number parse(const std::string& name, const std::string& text, Number least, Number most,
             const std::string& expected) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  check_usage(
      problem == std::errc() && rest == end && !text.empty() && least <= value && value <= most,
      "{} is {}, expected {}", name, quote(text), expected);
  return value;
}

}  // namespace

double parse_number(const std::string& name, const std::string& text, double least, double most,
                    const std::string& expected) {
  return parse<double>(name, text, least, most, expected);
}

std::int64_t parse_whole(const std::string& name, const std::string& text, std::int64_t least,
                         std::int64_t most, const std::string& expected) {
  return parse<std::int64_t>(name, text, least, most, expected);
}

bool parse_flag(const std::string& name, const std::string& text) {
  check_usage(text == "true" || text == "false", "{} is {}, expected true or false", name,
              quote(text));
  return text == "true";
}

std::string parse_layer(const std::string& text) {
  if (text == "word-embeddings") return "embeddings";
  if (text == "embeddings" || text == "position-embeddings" || text == "embedding-block") {
    return text;
  }
  const std::string number = text.starts_with("layer.") ? text.substr(6) : text;
  const bool digits =
      !number.empty() && number.size() < 6 &&
      std::all_of(number.begin(), number.end(), [](char c) { return '0' <= c && c <= '9'; });
  check_usage(
      digits,
      "layer is {}, expected embeddings, position-embeddings, embedding-block, layer.N or N",
      quote(text));
  return fmt::format("layer.{}.hidden", number);
}

std::string parameter_text(const Parameter& parameter) {
  return std::visit(
      [](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return value;
        } else {
          return fmt::format("{}", value);
        }
      },
      parameter);
}

}  // namespace pellucid
