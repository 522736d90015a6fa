// SPDX-License-Identifier: Apache-2.0
// Gated activation: one half of the columns, through a function, times the other.
// Dauphin et al. 2016, arXiv 1612.08083; Shazeer 2020, arXiv 2002.05202
#pragma once

#include "pellucid/autodiff/tape.h"
#include "pellucid/ops/activation.h"

namespace pellucid {

/// y = f(a) b.  x: [rows, 2 width], columns a | b   y: [rows, width]
/// saves: f'(a) b and f(a), made in the same pass, when x is tracked.  VJP: dy times both
Variable gated(Activation kind, const Variable& x);

}  // namespace pellucid
