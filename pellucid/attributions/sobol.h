// SPDX-License-Identifier: Apache-2.0
// Sobol indices: the share of the target's variance under random coalitions that a unit alone
// (first order) or together with others (total order) accounts for.
//   S_i = Var E[v | z_i] / Var v     T_i = E Var[v | all but z_i] / Var v
// Sobol 2001; estimators: Jansen 1999, Saltelli et al. 2010; for masks of an input: Fel et al.
// 2021, arXiv 2111.04138
#pragma once

#include "pellucid/attributions/sampling.h"

namespace pellucid {

enum class SobolOrder { first, total };
enum class SobolEstimator { jansen, saltelli };  ///< of the first order
/// hadamard: balanced, orthogonal columns; exact for additive games, but interactions alias.
enum class SobolSampler { philox, hadamard };

std::string_view name(SobolOrder order);
std::string_view name(SobolEstimator estimator);
std::string_view name(SobolSampler sampler);

struct SobolSolution {
  Solution solution;
  /// Signs of the mean effects, [targets][players].
  std::vector<std::vector<double>> directions;
};

struct Sobol {
  SobolOrder order = SobolOrder::total;
  SobolEstimator estimator = SobolEstimator::jansen;
  SobolSampler sampler = SobolSampler::philox;
  Budget budget{};
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "sobol"; }
  Parameters parameters() const;
  void check() const;
  SobolSolution solve(Game& game) const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
