// SPDX-License-Identifier: Apache-2.0
// p = exp(x - max x) / sum exp(x - max x) over each row.
#pragma once

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// x: [rows, width]; overwritten when no one else holds it
/// saves: p.  VJP: p (dp - sum(p dp))
Variable softmax(Variable x);

}  // namespace pellucid
