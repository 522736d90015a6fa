// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace pellucid {

/// --theme auto|light|dark. Automatic: what the reader's system or terminal says.
enum class Theme { automatic, light, dark };

}  // namespace pellucid
