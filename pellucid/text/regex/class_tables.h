// SPDX-License-Identifier: Apache-2.0
// The generated tables behind classes.h and case_folding.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pellucid/text/code_ranges.h"

namespace pellucid {

struct CodeRange {
  std::uint32_t first, last;
};
struct ScriptName {
  const char* code;  ///< "latn"
  const char* name;  ///< "latin"
};
/// The categories of the mask, with the code points of `count` ranges from `begin` on switched.
struct NamedSet {
  const char* name;
  std::uint32_t categories;
  std::uint32_t begin, count;
};
/// Without case the code point stands for two or three others.
struct FoldSequence {
  const char32_t* sequence;
  std::uint32_t code;
};

extern const char* const kCategoryNames[];
extern const std::size_t kCategoryCount;
/// Code points by the number of their category; scripts likewise.
extern const ValueRange kCategoryRanges[];
extern const std::size_t kCategoryRangeCount;
extern const ScriptName kScriptNames[];
extern const std::size_t kScriptCount;
extern const ValueRange kScriptRanges[];
extern const std::size_t kScriptRangeCount;
extern const NamedSet kNamedSets[];
extern const std::size_t kNamedSetCount;
extern const CodeRange kNamedSetRanges[];
extern const std::size_t kNamedSetRangeCount;
/// What a code point is without case.
extern const StepRange kFoldRanges[];
extern const std::size_t kFoldRangeCount;
extern const FoldSequence kFoldSequences[];
extern const std::size_t kFoldSequenceCount;

}  // namespace pellucid
