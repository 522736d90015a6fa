// SPDX-License-Identifier: Apache-2.0
// Partition SHAP: Owen values on the tree of the text, the mean of what units add over all orders
// that keep every group (sentence, phrase ...) together. The children of a node play a Shapley game
// in each context that its ancestors leave.  Owen 1977; Winter 1989; Lundberg's Partition explainer
//   weight of a set S of k siblings present: |S|! (k - |S| - 1)! / k!
#pragma once

#include "pellucid/attributions/game.h"
#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/unit_tree.h"

namespace pellucid {

/// Best first: what matters most is divided next, until `evaluations` are used; what is left is
/// shared alike among the units below. The sum of the scores is always v(1) - v(0).
Solution partition_shap(Game& game, const UnitTree& tree, std::int64_t evaluations);

struct PartitionShap {
  /// "binary" (nodes of more than four children are halved), "nary", or nested lists of units
  std::string tree = "binary";
  std::int64_t evaluations = 500;
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "partition-shap"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
