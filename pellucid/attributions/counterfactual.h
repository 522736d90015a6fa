// SPDX-License-Identifier: Apache-2.0
// Counterfactual: the smallest change of the text that leads to another label, or the fewest units
// that suffice for the label. The scores are leave-one-out effects.
//   remove      units are replaced until the label changes
//   substitute  words give way to others: candidates by the gradient, (e_w - e_i) . g_i, then
//   tried.
//               HotFlip: Ebrahimi et al. 2018, arXiv 1712.06751
//   sufficient  all units but these are replaced, and the label stays. Anchors: Ribeiro, Singh,
//               Guestrin 2018
// Of what is found no unit can be spared.
#pragma once

#include "pellucid/attributions/decision.h"
#include "pellucid/attributions/method_options.h"

namespace pellucid {

enum class CounterfactualMode { remove, substitute, sufficient };

std::string_view name(CounterfactualMode mode);

struct CounterfactualSearch {
  CounterfactualMode mode = CounterfactualMode::remove;
  std::string to{};  ///< the label to reach; empty: any other
  int beam = 8;      ///< sets that are extended together
  int flips = 8;     ///< words substituted at most
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "counterfactual"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

/// Words of the text that are replaced by other words until the decision changes. `flips` at most.
Counterfactual substitute_words(Evaluator& evaluator, std::size_t target, const Decision& decision,
                                int flips);

}  // namespace pellucid
