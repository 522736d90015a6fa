// SPDX-License-Identifier: Apache-2.0
// Strict JSON: UTF-8, no duplicate keys, no NaN or Infinity, bounded depth; errors name the file
// and the key. JsonObject reads an object by typed getters and knows which keys nobody has asked
// for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

/// `name` opens the error messages. The work is linear in the text, keys keep their order.
nlohmann::ordered_json parse_json(std::string_view text, const std::string& name,
                                  std::size_t depth_limit = 200);

/// The same for a regular file of at most `size_limit` bytes.
nlohmann::ordered_json read_json_file(const std::string& path, std::size_t size_limit);

/// A JSON object that is read key by key. Copies share the record of the keys that were read.
/// A getter throws Error such as
///   config.json: "hidden_size" is "abc", expected an integer from 1 to 1048576
/// Only the optional getters take an absent key or null: they give nullopt. One thread at a time.
class JsonObject {
 public:
  /// `name` opens the error messages. Throws Error if `value` is no object.
  JsonObject(std::string name, nlohmann::ordered_json value);

  const std::string& name() const;        ///< of the file
  std::vector<std::string> keys() const;  ///< in the file's order
  bool has(std::string_view key) const;   ///< present and not null; does not count as reading

  std::int64_t integer(std::string_view key, std::int64_t lowest, std::int64_t highest) const;
  double number(std::string_view key, double lowest = -kAnyNumber,
                double highest = kAnyNumber) const;
  bool boolean(std::string_view key) const;
  std::string text(std::string_view key) const;
  /// One of the known texts; the error suggests the nearest.
  std::string choice(std::string_view key, const std::vector<std::string>& known) const;
  std::vector<std::int64_t> integers(std::string_view key, std::int64_t lowest,
                                     std::int64_t highest) const;
  std::vector<double> numbers(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;
  JsonObject object(std::string_view key) const;  ///< messages show its keys as "key.inner"

  std::optional<std::int64_t> optional_integer(std::string_view key, std::int64_t lowest,
                                               std::int64_t highest) const;
  std::optional<double> optional_number(std::string_view key, double lowest = -kAnyNumber,
                                        double highest = kAnyNumber) const;
  std::optional<bool> optional_boolean(std::string_view key) const;
  std::optional<std::string> optional_text(std::string_view key) const;
  std::optional<std::string> optional_choice(std::string_view key,
                                             const std::vector<std::string>& known) const;
  std::optional<std::vector<std::int64_t>> optional_integers(std::string_view key,
                                                             std::int64_t lowest,
                                                             std::int64_t highest) const;
  std::optional<std::vector<double>> optional_numbers(std::string_view key) const;
  std::optional<std::vector<std::string>> optional_texts(std::string_view key) const;
  std::optional<JsonObject> optional_object(std::string_view key) const;

  /// The value as it stands, null pointer if absent; for shapes that no getter covers.
  const nlohmann::ordered_json* value(std::string_view key) const;
  /// Throws `FILE: "key" is VALUE, expected EXPECTED`.
  [[noreturn]] void refuse(std::string_view key, std::string_view expected) const;

  /// Counts these keys as read: they are known to change no result.
  void ignore(const std::vector<std::string>& keys) const;
  /// Keys that no getter has asked for, as "key" or "key.inner" of objects that were read.
  std::vector<std::string> unread() const;

 private:
  static constexpr double kAnyNumber = std::numeric_limits<double>::max();
  struct Document;
  JsonObject(std::shared_ptr<Document> document, const nlohmann::ordered_json* object,
             std::string prefix);
  const nlohmann::ordered_json& required(std::string_view key, std::string_view expected) const;
  template <class Value, class Convert>
  std::vector<Value> list(std::string_view key, const std::string& expected,
                          const Convert& convert) const;
  std::string path(std::string_view key) const;

  std::shared_ptr<Document> document_;
  const nlohmann::ordered_json* object_;  // inside the document
  std::string prefix_;                    // "" or "outer."
};

}  // namespace pellucid
