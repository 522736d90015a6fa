// SPDX-License-Identifier: Apache-2.0
// One JSON object of a tokenizer file, read field by field. Every error names the file, the
// component and the field.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

class Fields {
 public:
  /// place: what errors begin with: "tokenizer.json: normalizer", for the whole file
  /// "tokenizer.json:". Keeps a reference to the object.
  Fields(const nlohmann::json& object, std::string place);

  const std::string& place() const { return place_; }
  bool has(std::string_view name) const;  ///< there and not null

  // Without a default a field must be there; with one, absent and null give the default.
  bool boolean(std::string_view name) const;
  bool boolean(std::string_view name, bool otherwise) const;
  std::optional<bool> optional_boolean(std::string_view name) const;
  std::string string(std::string_view name) const;
  std::optional<std::string> optional_string(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  std::optional<std::int64_t> optional_integer(std::string_view name) const;
  /// One of the names; throws Error listing them otherwise. Gives its index.
  std::size_t choice(std::string_view name, std::initializer_list<std::string_view> choices) const;

  Fields object(std::string_view name) const;
  std::optional<Fields> optional_object(std::string_view name) const;
  std::vector<Fields> objects(std::string_view name) const;  ///< array of objects
  std::vector<std::string> strings(std::string_view name) const;
  std::vector<std::int64_t> integers(std::string_view name) const;
  std::vector<std::string> names() const;  ///< of all fields
  const nlohmann::json& value(std::string_view name) const;

  /// Throws Error: "place: field is FOUND, expected EXPECTED".
  [[noreturn]] void fail_field(std::string_view name, std::string_view expected) const;

 private:
  const nlohmann::json* find(std::string_view name) const;
  std::string inside(std::string_view name) const;  // the place of a field

  const nlohmann::json* object_;
  std::string place_;
};

/// A token id (or type): a number in [0, 2^31), else Error "place: name: ...".
std::int32_t checked_id(std::int64_t id, std::string_view place, std::string_view name);

}  // namespace pellucid
