// SPDX-License-Identifier: Apache-2.0
// A tensor times a number.
#pragma once

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// y = factor x.  x: any shape; overwritten when no one else holds it
/// saves: nothing.  VJP: factor dy
Variable scale(Variable x, float factor);

}  // namespace pellucid
