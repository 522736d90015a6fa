// SPDX-License-Identifier: Apache-2.0
// One line of JSON Lines input.
#pragma once

#include <string>
#include <string_view>

#include "pellucid/cli/input.h"

namespace pellucid::cli {

/// Fields text, pair, question, context, target, label, spans, id, or (decode) ids. Throws Error
/// naming the field that is missing or wrong; id is filled first, so that an error can be told
/// apart.
void read_json_item(std::string_view line, ItemUse use, Input& input);

}  // namespace pellucid::cli
