// SPDX-License-Identifier: Apache-2.0
// Fields of JSON objects with errors that name the field: "explanation: targets.scores is a string,
// expected ...". Include in .cpp files only.
#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/text/encoding.h"

namespace pellucid::report {

using Json = nlohmann::ordered_json;

/// `path` is the field's full name for errors; its last part is the key.
inline const Json& at(const Json& object, std::string_view path) {
  const auto dot = path.rfind('.');
  const std::string key(dot == std::string_view::npos ? path : path.substr(dot + 1));
  check(object.is_object(), "the parent of {} is {}, expected an object", path, object.type_name());
  const auto found = object.find(key);
  check(found != object.end(), "{} is missing", path);
  return *found;
}

template <class Value>
Value field(const Json& object, std::string_view path) {
  const Json& value = at(object, path);
  try {
    return value.get<Value>();
  } catch (const nlohmann::json::exception&) {
    fail("{} is {}, which is not of the expected type", path, value.dump().substr(0, 60));
  }
}

inline const Json& array(const Json& object, std::string_view path) {
  const Json& value = at(object, path);
  check(value.is_array(), "{} is {}, expected an array", path, value.type_name());
  return value;
}

inline std::optional<double> optional_number(const Json& object, std::string_view path) {
  return at(object, path).is_null() ? std::nullopt : std::optional(field<double>(object, path));
}

/// null reads as NaN.
inline double number(const Json& object, std::string_view path) {
  return optional_number(object, path).value_or(std::numeric_limits<double>::quiet_NaN());
}

inline std::optional<std::string> optional_text(const Json& object, std::string_view path) {
  return at(object, path).is_null() ? std::nullopt
                                    : std::optional(field<std::string>(object, path));
}

inline std::optional<std::int64_t> optional_integer(const Json& object, std::string_view path) {
  return at(object, path).is_null() ? std::nullopt
                                    : std::optional(field<std::int64_t>(object, path));
}

inline std::vector<double> read_numbers(const Json& values, std::string_view path) {
  check(values.is_array(), "{} is {}, expected an array of numbers", path, values.type_name());
  std::vector<double> numbers;
  numbers.reserve(values.size());
  for (const Json& value : values) {
    check(value.is_number() || value.is_null(), "{} holds {}, expected numbers", path,
          value.type_name());
    numbers.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                      : value.get<double>());
  }
  return numbers;
}

/// "start" and "end" of an object; none when they are null.
inline std::optional<Span> read_span(const Json& object, const std::string& path) {
  const auto start = optional_integer(object, path + ".start");
  const auto end = optional_integer(object, path + ".end");
  if (!start || !end) return std::nullopt;
  check(*start >= 0 && *start <= *end, "{}: the span {} to {} is none", path, *start, *end);
  return Span{*start, *end};
}

}  // namespace pellucid::report
