// SPDX-License-Identifier: Apache-2.0
// Extended grapheme clusters (Unicode 16, UAX #29), from the tables of the regular expressions, so
// that they depend on no version of ICU.
#pragma once

#include <cstddef>
#include <string_view>

namespace pellucid {

/// End of the cluster that begins at text[begin]; begin < text.size().
std::size_t cluster_end(std::u32string_view text, std::size_t begin);

}  // namespace pellucid
