// SPDX-License-Identifier: Apache-2.0
// Discretised integrated gradients: each token's path goes by way of real words, every coordinate
// monotone, so that points stay near the embeddings that the model knows.
// Sanyal and Ren 2021, arXiv 2108.13654
//   A = sum_k of the gradient on [P_k, P_k+1] times (P_k+1 - P_k)
#pragma once

#include <optional>

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

enum class Anchor { greedy, maxcount };
enum class SegmentRule { gauss_legendre, left };
std::string_view name(Anchor anchor);
std::string_view name(SegmentRule rule);

struct DiscretizedIntegratedGradients {
  std::optional<std::int64_t> steps{};  ///< points of the path, both ends included: 30
  /// Of the words near the current one, that which is changed least by being made monotone, or that
  /// which is monotone in most coordinates.
  Anchor anchor = Anchor::greedy;
  /// Five points inside every segment; or the gradient at its left end, as in the paper's program,
  /// which also looks for anchors from the current word and not from the current point. Not
  /// complete: the last segment is long.
  SegmentRule rule = SegmentRule::gauss_legendre;
  std::int64_t neighbours = 50;
  Replacement baseline{.kind = Replacement::Kind::pad};
  Reduce reduce = Reduce::dot;
  RowBudget evaluations{};

  std::string name() const { return "discretized-ig"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
