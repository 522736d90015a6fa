// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/fields.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

/// The value as it stands in the file, shortened.
std::string shown(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return fmt::format("an array of {}", value.size());
  return value.is_string() ? quote(value.get_ref<const std::string&>()) : value.dump();
}

}  // namespace

std::int32_t checked_id(std::int64_t id, std::string_view place, std::string_view name) {
  if (id < 0 || id > std::numeric_limits<std::int32_t>::max()) {
    fail("{}: {} is {}, expected 0 to 2147483647", place, quote(name), id);
  }
  return static_cast<std::int32_t>(id);
}

Fields::Fields(const nlohmann::json& object, std::string place)
    : object_(&object), place_(std::move(place)) {
  if (!object.is_object()) {
    fail("{}{} found {}, expected an object", place_, place_.ends_with(':') ? "" : ":",
         shown(object));
  }
}

const nlohmann::json* Fields::find(std::string_view name) const {
  const auto field = object_->find(std::string(name));
  return field == object_->end() || field->is_null() ? nullptr : &*field;
}

const nlohmann::json& Fields::value(std::string_view name) const {
  const nlohmann::json* field = find(name);
  if (field) return *field;
  std::vector<std::string> others = names();
  std::erase(others, std::string(name));
  fail("{}{} field {} is missing{}", place_, place_.ends_with(':') ? "" : ":", quote(name),
       did_you_mean(name, others));
}

void Fields::fail_field(std::string_view name, std::string_view expected) const {
  fail("{}{} {} is {}, expected {}", place_, place_.ends_with(':') ? "" : ":", quote(name),
       shown(value(name)), expected);
}

bool Fields::has(std::string_view name) const { return find(name) != nullptr; }

bool Fields::boolean(std::string_view name) const {
  const nlohmann::json& field = value(name);
  if (!field.is_boolean()) fail_field(name, "true or false");
  return field.get<bool>();
}

bool Fields::boolean(std::string_view name, bool otherwise) const {
  return optional_boolean(name).value_or(otherwise);
}

std::optional<bool> Fields::optional_boolean(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return boolean(name);
}

std::string Fields::string(std::string_view name) const {
  const nlohmann::json& field = value(name);
  if (!field.is_string()) fail_field(name, "a string");
  return field.get<std::string>();
}

std::optional<std::string> Fields::optional_string(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return string(name);
}

std::int64_t Fields::integer(std::string_view name) const {
  const nlohmann::json& field = value(name);
  const bool fits = field.is_number_integer() &&
                    (!field.is_number_unsigned() ||
                     field.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max());
  if (!fits) fail_field(name, "a whole number");
  return field.get<std::int64_t>();
}

std::optional<std::int64_t> Fields::optional_integer(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return integer(name);
}

std::size_t Fields::choice(std::string_view name,
                           std::initializer_list<std::string_view> choices) const {
  const std::string found = string(name);
  const auto match = std::find(choices.begin(), choices.end(), found);
  if (match != choices.end()) return static_cast<std::size_t>(match - choices.begin());
  const std::vector<std::string> names(choices.begin(), choices.end());
  fail("{}: {} is {}, expected one of {}{}", place_, quote(name), quote(found),
       fmt::join(choices, ", "), did_you_mean(found, names));
}

std::string Fields::inside(std::string_view name) const {
  std::string shown_name = quote(name);
  if (shown_name.size() == name.size() + 2) shown_name = name;  // nothing in it to escape
  return fmt::format("{}{}{}", place_, place_.ends_with(':') ? " " : ".", shown_name);
}

Fields Fields::object(std::string_view name) const { return Fields(value(name), inside(name)); }

std::optional<Fields> Fields::optional_object(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return object(name);
}

std::vector<Fields> Fields::objects(std::string_view name) const {
  const nlohmann::json& field = value(name);
  if (!field.is_array()) fail_field(name, "an array");
  std::vector<Fields> result;
  for (std::size_t i = 0; i < field.size(); ++i) {
    result.emplace_back(field[i], fmt::format("{}[{}]", inside(name), i));
  }
  return result;
}

std::vector<std::string> Fields::strings(std::string_view name) const {
  const nlohmann::json& field = value(name);
  if (!field.is_array()) fail_field(name, "an array of strings");
  std::vector<std::string> result;
  for (const nlohmann::json& item : field) {
    if (!item.is_string()) fail_field(name, "an array of strings");
    result.push_back(item.get<std::string>());
  }
  return result;
}

std::vector<std::int64_t> Fields::integers(std::string_view name) const {
  const nlohmann::json& field = value(name);
  if (!field.is_array()) fail_field(name, "an array of whole numbers");
  std::vector<std::int64_t> result;
  for (const nlohmann::json& item : field) {
    if (!item.is_number_integer()) fail_field(name, "an array of whole numbers");
    result.push_back(item.get<std::int64_t>());
  }
  return result;
}

std::vector<std::string> Fields::names() const {
  std::vector<std::string> result;
  for (const auto& item : object_->items()) result.push_back(item.key());
  return result;
}

}  // namespace pellucid
