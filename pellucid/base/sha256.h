// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), for the hashes of a page's content security policy.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace pellucid {

std::array<std::uint8_t, 32> sha256(std::string_view bytes);

/// Base64 with padding (RFC 4648).
std::string base64(std::string_view bytes);

/// "sha256-..." as a content security policy writes it.
std::string content_hash(std::string_view bytes);

}  // namespace pellucid
