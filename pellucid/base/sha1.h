// SPDX-License-Identifier: Apache-2.0
// SHA-1 (FIPS 180-4), by which git names what it keeps. It tells whether a file arrived whole; it
// is no protection against somebody who forges one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pellucid {

/// Of the two texts one behind the other.
std::array<std::uint8_t, 20> sha1(std::string_view head, std::string_view bytes);

/// The name git gives a file with this content: SHA-1 of "blob LENGTH\0" and the content.
std::array<std::uint8_t, 20> git_blob_hash(std::string_view bytes);

}  // namespace pellucid
