// SPDX-License-Identifier: Apache-2.0
// Saliency: the size of the gradient at the input.  Simonyan et al. 2013, arXiv 1312.6034
//   a_i = |dF / dE_i|, or |dF / dE_i| |E_i| with times_norm
// A bare gradient has no meaning as a sum, so the default reduction is l2.
#pragma once

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

struct Saliency {
  Reduce reduce = Reduce::l2;
  bool times_norm = false;
  bool times_input = false;  ///< the gradient times the activation, coordinate by coordinate
  std::string layer = "embeddings";
  RowBudget evaluations{};

  std::string name() const { return "saliency"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
