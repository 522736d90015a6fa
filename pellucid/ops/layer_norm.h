// SPDX-License-Identifier: Apache-2.0
// y = (x - mean) / sqrt(variance + epsilon) * gain + bias over each row.
// Ba, Kiros, Hinton 2016, arXiv 1607.06450
#pragma once

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// x: [rows, width]   gain, bias: [width]
/// saves: normalised x, 1 / sqrt(variance + epsilon) of each row.  VJP: to x alone
Variable layer_norm(const Variable& x, const Tensor& gain, const Tensor& bias, float epsilon);

/// layer_norm(x + residual) in one pass over memory.  x, residual: [rows, width]; x is overwritten
/// when no one else holds it
/// saves: as layer_norm.  VJP: x and residual receive the same cotangent
Variable add_layer_norm(Variable x, const Variable& residual, const Tensor& gain,
                        const Tensor& bias, float epsilon);

}  // namespace pellucid
