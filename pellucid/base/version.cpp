// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/version.h"

namespace pellucid {

const char* version() { return PELLUCID_VERSION; }

}  // namespace pellucid
