// SPDX-License-Identifier: Apache-2.0
#include "pellucid/nn/options.h"

#include <string>
#include <vector>

namespace pellucid {

Activation read_activation(const JsonObject& fields, std::string_view key) {
  const auto known = activation_names();
  return *parse_activation(
      fields.choice(key, std::vector<std::string>(known.begin(), known.end())));
}

Activation read_activation(const JsonObject& fields, std::string_view key, std::string_view usual) {
  return fields.has(key) ? read_activation(fields, key) : *parse_activation(usual);
}

void require_false(const JsonObject& fields, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (fields.optional_boolean(key).value_or(false)) fields.refuse(key, "false for this model");
  }
}

}  // namespace pellucid
