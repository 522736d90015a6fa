// SPDX-License-Identifier: Apache-2.0
// Attention itself: the mean over heads, of the chosen layers, in the row that the target reads.
// Bahdanau et al. 2014, arXiv 1409.0473; says where the model looks, not what its answer rests on:
// Jain and Wallace 2019, arXiv 1902.10186
#pragma once

#include <string>

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

struct Attention {
  std::string layer = "last";  ///< last, all, or numbers from 0: "2", "0,2"
  RowBudget evaluations{};

  std::string name() const { return "attention"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

/// The option of methods that read some layers.
template <class M>
OptionTable<M> layers_option() {
  return OptionTable<M>()
      .option(
          "layer", "last, all, N or N,M,...", "the layers, from 0",
          [](M& method, const std::string& text) { method.layer = text; },
          [](const M& method) { return Parameter(method.layer); })
      .number("evaluations", &M::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most");
}

}  // namespace pellucid
