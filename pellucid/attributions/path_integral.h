// SPDX-License-Identifier: Apache-2.0
// Integrals of gradients along a path: with a fixed rule, or with as many points as the path needs.
#pragma once

#include <optional>
#include <vector>

#include "pellucid/attributions/quadrature.h"
#include "pellucid/evaluator/evaluator.h"

namespace pellucid {

struct PathIntegral {
  /// Integral of the gradient over alpha in [0, 1], [targets, tokens, hidden]; none where only the
  /// sums were kept.
  std::optional<GradientSum> gradients;
  /// Of gradient times path difference over hidden, [targets][tokens].
  std::vector<std::vector<double>> dots;
  std::vector<double> start;  ///< targets at alpha = 0
  bool converged = true;
};

/// sum w_k g(alpha_k)
PathIntegral integrate(Evaluator& evaluator, const Path& path, const Quadrature& rule);

/// Clenshaw-Curtis points, doubled from 4 to 256 intervals until
///   |sum of dots - (F(1) - F(0))| <= tolerance * max(|F(1) - F(0)|, 0.01 spread)   and
///   max |dots - dots before| <= tolerance * max |dots|
/// for every target. The second is needed since errors of opposite sign cancel in the sum. Keeps no
/// gradients.
PathIntegral integrate_doubling(Evaluator& evaluator, const Path& path, double tolerance);

/// Five Gauss-Legendre points on [0, 1]; a panel [a, b] whose own gap is over tolerance * scale *
/// (b - a) is halved (scale as above), so that the total gap is at most tolerance * scale. At most
/// 257 gradients.
PathIntegral integrate_panels(Evaluator& evaluator, const Path& path, double tolerance);

}  // namespace pellucid
