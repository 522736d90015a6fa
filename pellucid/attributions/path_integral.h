// SPDX-License-Identifier: Apache-2.0
// Integrals of gradients along a path: with a fixed rule, or with as many points as the path needs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pellucid/attributions/quadrature.h"
#include "pellucid/evaluator/evaluator.h"

namespace pellucid {

inline constexpr std::int64_t kMostGradients = 257;

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

/// Points where the path needs them. Starts with 8 equal intervals; in each the integrand is the
/// cubic through the four points around it. A value comes with every gradient, so what an interval
/// has to add up to is known: its residual is |F(b) - F(a) - cubic|. The intervals with the largest
/// residuals are halved, at most six at a time, until for every target
///   |sum of dots - (F(1) - F(0))| <= tolerance * max(|F(1) - F(0)|, 0.01 spread)   and
///   sum of residuals <= 2 tolerance * max |dots|
/// (the second since errors of opposite sign cancel in the sum). At most `most` gradients, 9 or
/// more. Keeps none.
PathIntegral integrate_refined(Evaluator& evaluator, const Path& path, double tolerance,
                               std::int64_t most = kMostGradients);

/// Five Gauss-Legendre points on [0, 1]; a panel [a, b] whose own gap is over tolerance * scale *
/// (b - a) is halved (scale as above), so that the total gap is at most tolerance * scale. At most
/// `most` gradients, 5 or more; each panel costs a value beside.
PathIntegral integrate_panels(Evaluator& evaluator, const Path& path, double tolerance,
                              std::int64_t most = kMostGradients);

}  // namespace pellucid
