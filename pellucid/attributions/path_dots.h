// SPDX-License-Identifier: Apache-2.0
// Gradients along a path, reduced to one number for each token: g . (to - from). Its sum over the
// tokens is the derivative of the target along the path.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/evaluator/evaluator.h"

namespace pellucid {

using Dots = std::vector<std::vector<double>>;  ///< [targets][tokens]

Dots no_dots(const Evaluator& evaluator);  ///< zeros
void add_dots(Dots& sum, double weight, const Dots& added);

/// g_i . (to_i - from_i) for every target and token.
Dots path_dots(const Path& path, const GradientView& gradients, std::int64_t targets);
/// The same for a sum of gradients.
Dots path_dots(const Path& path, const GradientSum& gradients);

double dots_total(const std::vector<double>& dots);
double dots_largest(const std::vector<double>& dots);  ///< of the magnitudes

/// What a gap of this target is compared with: max(|change|, 0.01 spread).
double change_scale(const Evaluator& evaluator, std::size_t target, double change);

}  // namespace pellucid
