// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/json.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

using Json = nlohmann::ordered_json;

/// A value as messages show it: short, on one line.
std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return value.size() > 8 ? "a list" : value.dump();
  if (value.is_string()) return quote(value.get_ref<const std::string&>());
  return value.dump();
}

std::string integer_range(std::int64_t lowest, std::int64_t highest) {
  return fmt::format("an integer from {} to {}", lowest, highest);
}

std::optional<std::int64_t> as_integer(const Json& value, std::int64_t lowest,
                                       std::int64_t highest) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
    return std::nullopt;
  }
  const auto number = value.get<std::int64_t>();
  if (number < lowest || number > highest) return std::nullopt;
  return number;
}

}  // namespace

struct JsonObject::Document {
  std::string name;
  Json value;
  std::vector<std::pair<const Json*, std::string>> objects;  // that were read, with their prefixes
  std::unordered_set<std::string> read;                      // full paths
};

JsonObject::JsonObject(std::string name, Json value)
    : document_(std::make_shared<Document>()), object_(nullptr) {
  check(value.is_object(), "{}: is {}, expected a JSON object", name, shown(value));
  document_->name = std::move(name);
  document_->value = std::move(value);
  object_ = &document_->value;
  document_->objects.emplace_back(object_, prefix_);
}

JsonObject::JsonObject(std::shared_ptr<Document> document, const Json* object, std::string prefix)
    : document_(std::move(document)), object_(object), prefix_(std::move(prefix)) {
  for (const auto& known : document_->objects) {
    if (known.first == object_) return;
  }
  document_->objects.emplace_back(object_, prefix_);
}

const std::string& JsonObject::name() const { return document_->name; }

std::string JsonObject::path(std::string_view key) const { return prefix_ + std::string(key); }

std::vector<std::string> JsonObject::keys() const {
  std::vector<std::string> result;
  for (const auto& [key, member] : object_->items()) result.push_back(key);
  return result;
}

bool JsonObject::has(std::string_view key) const {
  const auto found = object_->find(std::string(key));
  return found != object_->end() && !found->is_null();
}

const Json* JsonObject::value(std::string_view key) const {
  document_->read.insert(path(key));
  const auto found = object_->find(std::string(key));
  return found == object_->end() ? nullptr : &*found;
}

const Json& JsonObject::required(std::string_view key, std::string_view expected) const {
  const Json* found = value(key);
  if (found != nullptr) return *found;
  fail("{}: {} is missing, expected {}{}", name(), quote(path(key)), expected,
       did_you_mean(path(key), unread()));
}

void JsonObject::refuse(std::string_view key, std::string_view expected) const {
  fail("{}: {} is {}, expected {}", name(), quote(path(key)), shown(required(key, expected)),
       expected);
}

std::int64_t JsonObject::integer(std::string_view key, std::int64_t lowest,
                                 std::int64_t highest) const {
  const std::string expected = integer_range(lowest, highest);
  const auto number = as_integer(required(key, expected), lowest, highest);
  if (!number) refuse(key, expected);
  return *number;
}

double JsonObject::number(std::string_view key, double lowest, double highest) const {
  const std::string expected = lowest == -kAnyNumber && highest == kAnyNumber
                                   ? "a number"
                                   : fmt::format("a number from {} to {}", lowest, highest);
  const Json& found = required(key, expected);
  if (!found.is_number()) refuse(key, expected);
  const auto number = found.get<double>();
  if (!(number >= lowest && number <= highest)) refuse(key, expected);
  return number;
}

bool JsonObject::boolean(std::string_view key) const {
  const Json& found = required(key, "true or false");
  if (!found.is_boolean()) refuse(key, "true or false");
  return found.get<bool>();
}

std::string JsonObject::text(std::string_view key) const {
  const Json& found = required(key, "a text");
  if (!found.is_string()) refuse(key, "a text");
  return found.get<std::string>();
}

std::string JsonObject::choice(std::string_view key, const std::vector<std::string>& known) const {
  const std::string expected = fmt::format("one of {}", fmt::join(known, ", "));
  const Json& found = required(key, expected);
  if (!found.is_string()) refuse(key, expected);
  const auto& text = found.get_ref<const std::string&>();
  for (const std::string& one : known) {
    if (one == text) return text;
  }
  refuse(key, expected + did_you_mean(text, known));
}

template <class Value, class Convert>
std::vector<Value> JsonObject::list(std::string_view key, const std::string& expected,
                                    const Convert& convert) const {
  const Json& found = required(key, expected);
  if (!found.is_array()) refuse(key, expected);
  std::vector<Value> result;
  for (const Json& element : found) {
    std::optional<Value> converted = convert(element);
    if (!converted) {
      fail("{}: {} holds {}, expected {}", name(), quote(path(key)), shown(element), expected);
    }
    result.push_back(std::move(*converted));
  }
  return result;
}

std::vector<std::int64_t> JsonObject::integers(std::string_view key, std::int64_t lowest,
                                               std::int64_t highest) const {
  const std::string expected = fmt::format("a list of integers from {} to {}", lowest, highest);
  return list<std::int64_t>(key, expected,
                            [&](const Json& value) { return as_integer(value, lowest, highest); });
}

std::vector<double> JsonObject::numbers(std::string_view key) const {
  return list<double>(key, "a list of numbers", [](const Json& value) {
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
  });
}

std::vector<std::string> JsonObject::texts(std::string_view key) const {
  return list<std::string>(key, "a list of texts", [](const Json& value) {
    return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
  });
}

JsonObject JsonObject::object(std::string_view key) const {
  const Json& found = required(key, "an object");
  if (!found.is_object()) refuse(key, "an object");
  return {document_, &found, path(key) + "."};
}

std::optional<std::int64_t> JsonObject::optional_integer(std::string_view key, std::int64_t lowest,
                                                         std::int64_t highest) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(integer(key, lowest, highest)) : std::nullopt;
}

std::optional<double> JsonObject::optional_number(std::string_view key, double lowest,
                                                  double highest) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(number(key, lowest, highest)) : std::nullopt;
}

std::optional<bool> JsonObject::optional_boolean(std::string_view key) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(boolean(key)) : std::nullopt;
}

std::optional<std::string> JsonObject::optional_text(std::string_view key) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(text(key)) : std::nullopt;
}

std::optional<std::string> JsonObject::optional_choice(
    std::string_view key, const std::vector<std::string>& known) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(choice(key, known)) : std::nullopt;
}

std::optional<std::vector<std::int64_t>> JsonObject::optional_integers(std::string_view key,
                                                                       std::int64_t lowest,
                                                                       std::int64_t highest) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(integers(key, lowest, highest)) : std::nullopt;
}

std::optional<std::vector<double>> JsonObject::optional_numbers(std::string_view key) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(numbers(key)) : std::nullopt;
}

std::optional<std::vector<std::string>> JsonObject::optional_texts(std::string_view key) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(texts(key)) : std::nullopt;
}

std::optional<JsonObject> JsonObject::optional_object(std::string_view key) const {
  ignore({std::string(key)});
  return has(key) ? std::optional(object(key)) : std::nullopt;
}

void JsonObject::ignore(const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) document_->read.insert(path(key));
}

std::vector<std::string> JsonObject::unread() const {
  std::vector<std::string> result;
  for (const auto& [object, prefix] : document_->objects) {
    if (!prefix.starts_with(prefix_)) continue;
    for (const auto& [key, member] : object->items()) {
      if (member.is_null()) continue;  // says nothing
      std::string full = prefix + key;
      if (!document_->read.contains(full)) result.push_back(std::move(full));
    }
  }
  return result;
}

}  // namespace pellucid
