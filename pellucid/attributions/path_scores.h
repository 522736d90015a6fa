// SPDX-License-Identifier: Apache-2.0
// Token scores of gradients along a path.
#pragma once

#include <vector>

#include "pellucid/attributions/reduction.h"
#include "pellucid/evaluator/evaluator.h"

namespace pellucid {

/// reduce(g_i * (to_i - from_i)) for every target and token, [targets][tokens].
std::vector<std::vector<double>> path_scores(Reduce how, const GradientSum& gradients,
                                             const Path& path);

}  // namespace pellucid
