// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/pre_tokenizers/found.h"

namespace pellucid {

Behavior read_behavior(const Fields& fields) {
  return static_cast<Behavior>(fields.choice(
      "behavior", {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"}));
}

void append_pieces(const std::vector<Found>& found, Behavior behavior, std::size_t offset,
                   std::vector<Piece>& pieces) {
  Piece open{0, 0};  // grows until the next part begins a piece
  bool is_open = false;
  bool previous = false;  // was a match
  const auto close = [&] {
    if (is_open && open.end > open.begin)
      pieces.push_back({offset + open.begin, offset + open.end});
    is_open = false;
  };
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Found& part = found[i];
    bool joins = false;  // the piece before
    switch (behavior) {
      case Behavior::removed:
      case Behavior::isolated:
        break;
      case Behavior::merged_with_previous:
        joins = part.is_match && !previous;
        break;
      case Behavior::merged_with_next:
        joins = !part.is_match && previous;
        break;
      case Behavior::contiguous:
        joins = part.is_match == previous;
        break;
    }
    previous = part.is_match;
    if (joins && is_open) {
      open.end = part.end;
      continue;
    }
    close();
    if (behavior == Behavior::removed && part.is_match) continue;
    open = {part.begin, part.end};
    is_open = true;
  }
  close();
}

}  // namespace pellucid
