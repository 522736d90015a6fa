// SPDX-License-Identifier: Apache-2.0
// DeepLift: multipliers instead of gradients, A = m (E - E'), with m_x (x - x') summing to m_y
// (y - y') through every op.  Shrikumar et al. 2017, arXiv 1704.02685 (rescale rule)
// rules=extended adds rules for products, softmax and norms that the paper does not have
// (ops/contrast.h): complete for every model but mixtures of experts. rules=captum rescales relu,
// sigmoid and tanh alone and takes gradients of everything else: not complete.
#pragma once

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

enum class DeepLiftRules { extended, captum };
std::string_view name(DeepLiftRules rules);

struct DeepLift {
  DeepLiftRules rules = DeepLiftRules::extended;
  Replacement baseline{.kind = Replacement::Kind::pad};
  Reduce reduce = Reduce::dot;
  std::string layer = "embeddings";
  RowBudget evaluations{};

  std::string name() const { return "deep-lift"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
