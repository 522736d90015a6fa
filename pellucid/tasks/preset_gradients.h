// SPDX-License-Identifier: Apache-2.0
// What captum and interpreto do differently in methods that read gradients.
#pragma once

#include <string>

#include "pellucid/tasks/options.h"

namespace pellucid {

/// Options of such a method as the peer sets them; none for other methods and presets.
MethodOptions gradient_preset_options(Preset preset, const std::string& method);

/// Adds to `options` what the preset sets, unless it is given or what is given stands in its place.
void add_preset_options(const MethodOptions& preset, MethodOptions& options);

}  // namespace pellucid
