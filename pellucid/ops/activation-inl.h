// SPDX-License-Identifier: Apache-2.0
// Activation functions with their slopes, for the ops that apply them. Formulas: activation.h

#include "pellucid/ops/activation.h"
#include "pellucid/ops/simd-inl.h"

#if defined(PELLUCID_OPS_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PELLUCID_OPS_ACTIVATION_INL_H_
#undef PELLUCID_OPS_ACTIVATION_INL_H_
#else
#define PELLUCID_OPS_ACTIVATION_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// A value f(x) and the slope f'(x). What a loop does not use of it, the compiler drops.
struct Point {
  Vector value, slope;
};

HWY_INLINE Vector constant(float value) { return hn::Set(Floats(), value); }
HWY_INLINE Vector zero() { return hn::Zero(Floats()); }

/// s = 1 / (1 + exp(-x)) and its slope s (1 - s), both without cancellation in the tails.
HWY_INLINE Point logistic(Vector x) {
  const Vector e = exp_nonpositive(hn::Neg(hn::Abs(x)));
  const Vector larger = hn::Div(constant(1), hn::Add(constant(1), e));
  const Vector smaller = hn::Mul(e, larger);
  return {hn::IfThenElse(hn::Lt(x, zero()), smaller, larger), hn::Mul(smaller, larger)};
}

struct Identity {
  static HWY_INLINE Point at(Vector x) { return {x, constant(1)}; }
};

struct Relu {
  static HWY_INLINE Point at(Vector x) {
    return {hn::ZeroIfNegative(x), hn::IfThenElseZero(hn::Gt(x, zero()), constant(1))};
  }
};

struct ReluSquared {
  static HWY_INLINE Point at(Vector x) {
    const Vector positive = hn::ZeroIfNegative(x);
    return {hn::Mul(positive, positive), hn::Add(positive, positive)};
  }
};

struct Gelu {
  static HWY_INLINE Point at(Vector x) {
    const Vector half = constant(0.5F);
    const Vector z = hn::Mul(x, constant(0.7071067812F));  // x / sqrt 2
    const Vector phi = hn::MulAdd(half, erf(z), half);
    const Vector density = hn::Mul(exp_nonpositive(hn::Neg(hn::Mul(z, z))),
                                   constant(0.3989422804F));  // 1 / sqrt(2 pi)
    return {hn::Mul(x, phi), hn::MulAdd(x, density, phi)};
  }
};

/// (1 + tanh u) / 2 is the logistic function of 2 u.
struct GeluTanh {
  static HWY_INLINE Point at(Vector x) {
    const Vector scale = constant(1.5957691216F);  // 2 sqrt(2 / pi)
    const Vector w = hn::Mul(x, x);
    const Vector inner =
        hn::Mul(hn::Mul(scale, x), hn::MulAdd(constant(0.044715F), w, constant(1)));
    const Vector inner_slope = hn::Mul(scale, hn::MulAdd(constant(3 * 0.044715F), w, constant(1)));
    const Point s = logistic(inner);
    return {hn::Mul(x, s.value), hn::MulAdd(hn::Mul(x, inner_slope), s.slope, s.value)};
  }
};

struct QuickGelu {
  static HWY_INLINE Point at(Vector x) {
    const Vector scale = constant(1.702F);
    const Point s = logistic(hn::Mul(scale, x));
    return {hn::Mul(x, s.value), hn::MulAdd(hn::Mul(x, scale), s.slope, s.value)};
  }
};

struct Silu {
  static HWY_INLINE Point at(Vector x) {
    const Point s = logistic(x);
    return {hn::Mul(x, s.value), hn::MulAdd(x, s.slope, s.value)};
  }
};

/// With e = exp(-|x|):  tanh(log(1 + exp x)) = n / m,
/// x < 0: n = e (2 + e), m = n + 2;  x >= 0: n = 1 + 2 e, m = n + 2 e^2.
/// Its slope is 4 (1 + e) / m^2 times e below 0 and e^2 above.
struct Mish {
  static HWY_INLINE Point at(Vector x) {
    const Vector e = exp_nonpositive(hn::Neg(hn::Abs(x)));
    const Vector e2 = hn::Mul(e, e);
    const auto negative = hn::Lt(x, zero());
    const Vector n = hn::MulAdd(constant(2), e, hn::IfThenElse(negative, e2, constant(1)));
    const Vector m = hn::MulAdd(constant(2), hn::IfThenElse(negative, constant(1), e2), n);
    const Vector t = hn::Div(n, m);
    const Vector upper =
        hn::Mul(hn::Mul(constant(4), hn::Add(constant(1), e)), hn::IfThenElse(negative, e, e2));
    const Vector t_slope = hn::Div(upper, hn::Mul(m, m));
    return {hn::Mul(x, t), hn::MulAdd(x, t_slope, t)};
  }
};

struct Sigmoid {
  static HWY_INLINE Point at(Vector x) { return logistic(x); }
};

struct Tanh {
  static HWY_INLINE Point at(Vector x) {
    const Vector t = tanh(x);
    return {t, hn::NegMulAdd(t, t, constant(1))};
  }
};

/// body.template run<Function>() for the function that `kind` names.
template <class Body>
HWY_INLINE void visit_activation(Activation kind, const Body& body) {
  switch (kind) {
    case Activation::identity:
      return body.template run<Identity>();
    case Activation::relu:
      return body.template run<Relu>();
    case Activation::relu_squared:
      return body.template run<ReluSquared>();
    case Activation::gelu:
      return body.template run<Gelu>();
    case Activation::gelu_tanh:
      return body.template run<GeluTanh>();
    case Activation::quick_gelu:
      return body.template run<QuickGelu>();
    case Activation::silu:
      return body.template run<Silu>();
    case Activation::mish:
      return body.template run<Mish>();
    case Activation::sigmoid:
      return body.template run<Sigmoid>();
    case Activation::tanh:
      return body.template run<Tanh>();
  }
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
