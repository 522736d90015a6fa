// SPDX-License-Identifier: Apache-2.0
// Perturbation methods as interpreto and captum compute them, from the masks that those have drawn:
// regressions without the Shapley constraint, other weights, other estimators. Their numbers are
// not always what the method's paper says; our own methods are.
#pragma once

#include <optional>
#include <string>

#include "pellucid/attributions/game.h"
#include "pellucid/tasks/options.h"

namespace pellucid {

/// Rows of masks that a peer drew, true: kept. Read from the tensor "masks" [rows, units] of a
/// safetensors file, whose numbers are 1 and 0. Throws Error.
std::vector<Coalition> read_masks(const std::string& path);

/// interpreto's "lime", "kernel-shap" and "sobol", captum's "lime", "kernel-shap" and
/// "permutation-shap" (its ShapleyValueSampling), whose draws are replayed from the file that the
/// option "draws" names, and its "occlusion". None: the preset leaves the method as it is. Throws
/// UsageError without draws, or for bad options.
std::optional<Method> peer_perturbation(Preset preset, const std::string& method,
                                        MethodOptions options);

}  // namespace pellucid
