// SPDX-License-Identifier: Apache-2.0
// The list of methods by name, for the command line and for `pellucid methods`.
#pragma once

#include <string>
#include <vector>

#include "pellucid/attributions/method_options.h"

namespace pellucid {

const std::vector<MethodEntry>& methods();

/// Throws UsageError for an unknown name (with the nearest), an option that the method does not
/// have, or a bad value.
Method make_method(const std::string& name, const MethodOptions& options);

}  // namespace pellucid
