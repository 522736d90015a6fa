// SPDX-License-Identifier: Apache-2.0
// Value zeroing: how much the output of a layer at token i changes when attention does not give it
// the value of token j, attention weights and everything before the layer as they are.
//   C_ij = 1 - cos(h_i, h_i without j), under 1e-5 nothing; rows divided by their sum
// Mohebbi et al. 2023, arXiv 2301.12971. Only the attention output changes, so no attention is
// recomputed for other keys; a layer runs on as many rows for each token as tokens are seen.
#pragma once

#include <vector>

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

/// Product over the layers, as in attention rollout, or the mean of the layers' own rows.
enum class CombineLayers { rollout, mean };
std::string_view name(CombineLayers combine);

struct ValueZeroing {
  CombineLayers combine = CombineLayers::rollout;
  std::string layer = "all";  ///< last, all, or numbers from 0: "2", "0,2"
  RowBudget evaluations{};

  std::string name() const { return "value-zeroing"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

struct TokenMatrix;

/// C of the chosen layers in order, all tokens or, of the last of them, those that the targets read
/// alone.
std::vector<TokenMatrix> zeroed_values(Evaluator& evaluator, const std::vector<std::size_t>& layers,
                                       bool all_rows);

}  // namespace pellucid
