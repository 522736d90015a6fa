// SPDX-License-Identifier: Apache-2.0
// Character classes of regular expressions by name: general categories, scripts, properties and
// POSIX brackets, as Oniguruma has them (Unicode 16).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pellucid/text/regex/character_set.h"

namespace pellucid {

/// \p{name}: case, spaces, "_" and "-" do not matter. None: no such name.
std::optional<CharacterSet> property_set(std::string_view name);
/// [:name:] inside brackets.
std::optional<CharacterSet> bracket_set(std::string_view name);

}  // namespace pellucid
