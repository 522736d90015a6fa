// SPDX-License-Identifier: Apache-2.0
// UnitTree: the units of a text as leaves of a tree: segment > paragraph > sentence > phrase > word
// > token, without the levels that do not divide.
#pragma once

#include <string_view>
#include <vector>

#include "pellucid/evaluator/evaluator.h"

namespace pellucid {

struct UnitTree {
  /// Players of the game below this node, in order.
  std::vector<std::size_t> leaves;
  std::vector<UnitTree> children;  ///< none: a leaf, with one player

  /// A leaf.
  static UnitTree of(std::size_t player) { return {{player}, {}}; }
  /// A node above these; the only child of a node is the node itself.
  static UnitTree above(std::vector<UnitTree> children);
};

/// The tree of the text. Without players the root has no leaves.
UnitTree tree_of_text(const Evaluator& evaluator);
/// Every node with more than `most` children gets levels of two between: halves, the first one
/// larger where they are not equal.
UnitTree halved(const UnitTree& tree, std::size_t most);
/// "[[0,1],[2,3],4]": every player exactly once. Throws UsageError.
UnitTree parse_tree(std::string_view text, std::size_t players);

}  // namespace pellucid
