// SPDX-License-Identifier: Apache-2.0
// Shapley values, exact: the mean over all orders of what a unit adds to those before it.
//   phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))
// Shapley 1953, "A value for n-person games"
#pragma once

#include "pellucid/attributions/game.h"
#include "pellucid/attributions/method_options.h"

namespace pellucid {

/// |S|! (n - |S| - 1)! / n! by the size of S, 0 to n - 1.
std::vector<double> shapley_weights(std::size_t players);

Solution shapley(Game& game);
/// From v of every coalition, [2^players].
std::vector<double> shapley(const std::vector<double>& table, std::size_t players);

struct Shapley {
  int max_units = 16;
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "shapley"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
