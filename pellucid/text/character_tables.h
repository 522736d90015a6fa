// SPDX-License-Identifier: Apache-2.0
// The generated tables behind characters.h.
#pragma once

#include <cstddef>

#include "pellucid/text/code_ranges.h"

namespace pellucid {

extern const ValueRange kClassRanges[];
extern const std::size_t kClassRangeCount;
extern const StepRange kLowerRanges[];
extern const std::size_t kLowerRangeCount;
/// Of UnicodeScripts: characters in no range join any script.
extern const ValueRange kScriptOfRanges[];
extern const std::size_t kScriptOfRangeCount;

}  // namespace pellucid
