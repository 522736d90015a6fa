// SPDX-License-Identifier: Apache-2.0
// Options of config.json that mean the same in all families of graphs.
#pragma once

#include <initializer_list>
#include <string_view>

#include "pellucid/base/json.h"
#include "pellucid/ops/activation.h"

namespace pellucid {

/// The activation function under `key`, by the names that Hugging Face uses; Error listing them
/// otherwise.
Activation read_activation(const JsonObject& fields, std::string_view key);
/// The same where the key may be absent and means `usual` then.
Activation read_activation(const JsonObject& fields, std::string_view key, std::string_view usual);

/// Error unless each of these options is false or absent: the graph has no such parts.
void require_false(const JsonObject& fields, std::initializer_list<std::string_view> keys);

}  // namespace pellucid
