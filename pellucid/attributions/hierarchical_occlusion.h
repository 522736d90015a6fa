// SPDX-License-Identifier: Apache-2.0
// Hierarchical occlusion: leave-one-out down the tree of the text. The groups of a level
// (sentences, phrases ...) are replaced one by one; the strongest are divided; the others share
// their effect among their units.
//   effect of a node = v(all) - v(all without its units)
#pragma once

#include "pellucid/attributions/game.h"
#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/unit_tree.h"

namespace pellucid {

Solution hierarchical_occlusion(Game& game, const UnitTree& tree, std::int64_t beam);

struct HierarchicalOcclusion {
  std::int64_t beam = 8;  ///< groups of a level that are divided
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "hierarchical-occlusion"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
