// SPDX-License-Identifier: Apache-2.0
// The merging of BPE: of all neighbours in a word the pair of lowest rank becomes one symbol, the
// leftmost of equal ones first, until no pair is in the table.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/text/models/merge_table.h"

namespace pellucid {

struct MergeSymbol {
  std::int32_t id = 0;
  std::uint32_t bytes = 0;  ///< of the word
};

/// O(n log n) for n symbols.
void merge_symbols(const MergeTable& table, std::vector<MergeSymbol>& symbols);

}  // namespace pellucid
