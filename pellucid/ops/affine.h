// SPDX-License-Identifier: Apache-2.0
// A factor and a term for each column: what MobileBERT has in place of a norm.
// Sun et al. 2020, arXiv 2004.02984
#pragma once

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// y = gain x + bias over the last dimension.  x: [rows, width]; overwritten when no one else holds
/// it   gain, bias: [width]
/// saves: gain.  VJP: gain dy
Variable affine(Variable x, const Tensor& gain, const Tensor& bias);

}  // namespace pellucid
