// SPDX-License-Identifier: Apache-2.0
// The generated tables behind characters.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pellucid {

struct ClassRange {
  std::uint32_t first, last, flags;
};
struct LowerRange {
  std::uint32_t first, last, step;
  std::int32_t difference;
};
/// Of UnicodeScripts: characters in no range join any script.
struct ScriptRange {
  std::uint32_t first, last, script;
};

extern const ClassRange kClassRanges[];
extern const std::size_t kClassRangeCount;
extern const LowerRange kLowerRanges[];
extern const std::size_t kLowerRangeCount;
extern const ScriptRange kScriptOfRanges[];
extern const std::size_t kScriptOfRangeCount;

}  // namespace pellucid
