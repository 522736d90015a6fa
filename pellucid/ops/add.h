// SPDX-License-Identifier: Apache-2.0
// Sums of two tensors of one shape.
#pragma once

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// y = a + b.  a, b: one shape; a is overwritten when no one else holds it
/// saves: nothing.  VJP: both receive dy itself
Variable add(Variable a, const Variable& b);

/// y = x + constant.  x, constant: one shape; x is overwritten when no one else holds it
/// saves: nothing.  VJP: dy itself
Variable add_constant(Variable x, const Tensor& constant);

}  // namespace pellucid
