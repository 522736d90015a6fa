// SPDX-License-Identifier: Apache-2.0
// Shapley interactions of two units: what they do together beyond what each does alone.
//   D_ij(S) = v(S + i + j) - v(S + i) - v(S + j) + v(S)
//   I_ij = sum over S of |S|! (n - |S| - 2)! / (n - 1)! D_ij(S)
// Grabisch, Roubens 1999; the matrix whose rows sum to Shapley values: Lundberg et al. 2020, Nature
// Machine Intelligence 2; Shapley-Taylor: Sundararajan, Dhamdhere, Agarwal 2020, arXiv 1902.05622
#pragma once

#include <optional>

#include "pellucid/attributions/sampling.h"

namespace pellucid {

enum class InteractionIndex {
  shap,  ///< I_ij / 2 off the diagonal, phi_i - sum of I_ij / 2 on it: rows sum to Shapley values
  shapley,  ///< I_ij off the diagonal, 0 on it
  taylor,   ///< (2 / n) sum of D_ij(S) / C(n - 1, |S|) off it, v(i) - v(0) on it
};

std::string_view name(InteractionIndex index);

/// Matrices [players][players] of every target, symmetric; NaN for pairs that were not asked for.
struct InteractionSolution {
  Solution solution;  ///< scores of single players: they sum to v(1) - v(0)
  std::vector<std::vector<std::vector<double>>> matrices;
  std::vector<std::vector<std::vector<double>>> errors;  ///< empty: exact
};

struct ShapleyInteractions {
  InteractionIndex index = InteractionIndex::shap;
  std::optional<int> pairs_of{};  ///< pairs of so many strongest units; none: all that fit
  Budget budget{};
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "shapley-interactions"; }
  Parameters parameters() const;
  void check() const;
  InteractionSolution solve(Game& game) const;
  InteractionSolution sample(Game& game) const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
