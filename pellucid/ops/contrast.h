// SPDX-License-Identifier: Apache-2.0
// DeepLift's rescale rule, extended to products, softmax and norms: the ops of a batch whose first
// half is the real input and whose second half is the baseline pull multipliers back, such that
//   sum over inputs of m_x (x - x') = sum over outputs of m_y (y - y')
// Shrikumar et al. 2017, arXiv 1704.02685 gives the rule for f(x): m_x = m_y (f(x) - f(x')) / (x -
// x'). A product p q shares: m_p = m_y (q + q') / 2, m_q = m_y (p + p') / 2. Softmax is exp, sum,
// reciprocal and product; a norm is mean, square, reciprocal root and product. All of it is exact.
// Second halves receive nothing.
#pragma once

#include <cstdint>

#include "pellucid/ops/activation.h"
#include "pellucid/ops/attention_head.h"
#include "pellucid/ops/distance_head.h"
#include "pellucid/tensor/tensor.h"

namespace pellucid {

/// Differences of inputs smaller than this take the derivative.
inline constexpr float kContrastSmall = 1e-6F;

/// True if ops of this tape that are no function of one number have rules of their own.
inline bool contrasts_all(const Tape* tape) {
  return tape != nullptr && tape->pullback() == Pullback::rescale_extended;
}
/// True if this function is rescaled.
inline bool contrasts(const Tape* tape, Activation kind) {
  if (tape == nullptr || tape->pullback() == Pullback::gradient) return false;
  return tape->pullback() == Pullback::rescale_extended || kind == Activation::relu ||
         kind == Activation::sigmoid || kind == Activation::tanh;
}

/// From the derivatives in `slope` to multipliers of y = f(x).  x, y, slope: [2 n, width]
void contrast_activation(const Tensor& x, const Tensor& y, Tensor& slope);

/// The same for y = f(a) b.  x: [2 n, 2 width], columns a | b   slopes: f'(a) b | f(a), as x
void contrast_gated(const Tensor& x, Tensor& slopes);

/// One row of a norm y = n gain + bias, n = c inverse, c = x or x - mean(x).
struct ContrastNorm {
  bool centred = true;
  const float *normalised = nullptr, *base_normalised = nullptr;  // [width]
  float inverse = 1, base_inverse = 1;
  const float* gain = nullptr;  // [width]
  std::int64_t width = 0;
};
/// m_x from m_y, both [width], may be one.
void contrast_norm(const ContrastNorm& norm, const float* m_y, float* m_x);

/// One head: queries, keys and values of the real input and of the baseline. vjp: of the former.
void contrast_attention(const AttentionHead& head, const AttentionHead& base,
                        const AttentionHeadVjp& vjp);
void contrast_attention(const DistanceHead& head, const DistanceHead& base,
                        const AttentionHeadVjp& vjp);

}  // namespace pellucid
