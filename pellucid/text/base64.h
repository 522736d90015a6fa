// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648, the usual alphabet).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pellucid {

/// None unless the text is whole groups of four with "=" only at the end.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace pellucid
