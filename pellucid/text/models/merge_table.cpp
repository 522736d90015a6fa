// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/models/merge_table.h"

namespace pellucid {

MergeTable::MergeTable(const std::vector<Merge>& merges) {
  std::size_t slots = 1;
  while (2 * slots < 3 * (merges.size() + 1)) slots *= 2;
  slots_.assign(slots, {});
  mask_ = slots - 1;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const Merge& merge = merges[rank];
    std::size_t at = place(merge.left, merge.right);
    while (slots_[at].found.rank != kNoRank &&
           (slots_[at].left != merge.left || slots_[at].right != merge.right)) {
      at = (at + 1) & mask_;
    }
    slots_[at] = {merge.left, merge.right, {static_cast<std::uint32_t>(rank), merge.result}};
  }
}

}  // namespace pellucid
