// SPDX-License-Identifier: Apache-2.0
// Integrated gradients along the straight path from a baseline.  Sundararajan et al. 2017, arXiv
// 1703.01365
//   A = (E - E') * integral over alpha of dF/dE at E' + alpha (E - E')
#pragma once

#include <optional>

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/quadrature.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

struct IntegratedGradients {
  int steps = 32;
  Rule rule = Rule::gauss_legendre;
  /// When set, `steps` and `rule` are not used: points are added where the path needs them until
  /// gap and scores have settled within this share, at most 257 points (integrate_refined; for
  /// reductions other than dot, and for the rule adaptive, integrate_panels).
  std::optional<double> tolerance{};
  Replacement baseline{.kind = Replacement::Kind::pad};
  Reduce reduce = Reduce::dot;
  std::string layer = "embeddings";
  RowBudget evaluations{};  ///< bounds the steps

  std::string name() const { return "integrated-gradients"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
