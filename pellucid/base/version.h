// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace pellucid {

/// "0.1.0": the one version of library, program and results.
const char* version();

}  // namespace pellucid
