// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/activation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pellucid/base/parallel.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/activation.cpp"
#include "pellucid/ops/simd-inl.h"

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

/// x, y: [size], may be the same   slope: [size], or null if it is not needed
template <class Function>
void apply(const float* x, float* y, float* slope, std::int64_t size) {
  if (slope == nullptr) {
    for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
      store_first(Function::at(load_first(x + i, count)).value, y + i, count);
    });
  } else {
    for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
      const Point point = Function::at(load_first(x + i, count));
      store_first(point.value, y + i, count);
      store_first(point.slope, slope + i, count);
    });
  }
}

void apply_activation(Activation kind, const float* x, float* y, float* slope, std::int64_t size) {
  switch (kind) {
    case Activation::identity:
      return;  // nothing is computed, see below
    case Activation::relu:
      return apply<Relu>(x, y, slope, size);
    case Activation::relu_squared:
      return apply<ReluSquared>(x, y, slope, size);
    case Activation::gelu:
      return apply<Gelu>(x, y, slope, size);
    case Activation::gelu_tanh:
      return apply<GeluTanh>(x, y, slope, size);
    case Activation::quick_gelu:
      return apply<QuickGelu>(x, y, slope, size);
    case Activation::silu:
      return apply<Silu>(x, y, slope, size);
    case Activation::mish:
      return apply<Mish>(x, y, slope, size);
    case Activation::sigmoid:
      return apply<Sigmoid>(x, y, slope, size);
    case Activation::tanh:
      return apply<Tanh>(x, y, slope, size);
  }
}

/// dx = dy slope   dx, dy: [size], may be the same
void multiply(const float* dy, const float* slope, float* dx, std::int64_t size) {
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    store_first(hn::Mul(load_first(dy + i, count), load_first(slope + i, count)), dx + i, count);
  });
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(apply_activation);
HWY_EXPORT(multiply);

constexpr std::int64_t kGrain = 16384;  // floats for which a thread is worth waking

struct Name {
  std::string_view name;
  Activation kind;
};

/// Sorted by name.
constexpr std::array kNames{
    Name{"gelu", Activation::gelu},
    Name{"gelu_accurate", Activation::gelu_tanh},
    Name{"gelu_fast", Activation::gelu_tanh},
    Name{"gelu_new", Activation::gelu_tanh},
    Name{"gelu_python", Activation::gelu},
    Name{"gelu_python_tanh", Activation::gelu_tanh},
    Name{"gelu_pytorch_tanh", Activation::gelu_tanh},
    Name{"linear", Activation::identity},
    Name{"mish", Activation::mish},
    Name{"quick_gelu", Activation::quick_gelu},
    Name{"relu", Activation::relu},
    Name{"relu2", Activation::relu_squared},
    Name{"sigmoid", Activation::sigmoid},
    Name{"silu", Activation::silu},
    Name{"swish", Activation::silu},
    Name{"tanh", Activation::tanh},
};

/// dy: [K * rows, width]   slope: [rows, width]
void pull_back(const Tensor& slope, Tensor dy, InputCotangents& inputs) {
  const float* from = dy.data();
  const std::int64_t size = slope.size();
  const std::int64_t count = size == 0 ? 0 : dy.size() / size;
  Tensor dx = in_place_or_new(dy);
  parallel_for(size, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = 0; k < count; ++k) {
      HWY_DYNAMIC_DISPATCH(multiply)
      (from + k * size + begin, slope.data() + begin, dx.data() + k * size + begin, end - begin);
    }
  });
  inputs.add(0, std::move(dx));
}

}  // namespace

std::optional<Activation> parse_activation(std::string_view name) {
  const auto found = std::find_if(kNames.begin(), kNames.end(),
                                  [&](const Name& known) { return known.name == name; });
  return found == kNames.end() ? std::nullopt : std::optional(found->kind);
}

std::span<const std::string_view> activation_names() {
  static const auto names = [] {
    std::array<std::string_view, kNames.size()> all;
    std::transform(kNames.begin(), kNames.end(), all.begin(),
                   [](const Name& known) { return known.name; });
    return all;
  }();
  return names;
}

Variable activation(Activation kind, Variable x) {
  if (kind == Activation::identity) return x;
  const float* input = x.value.data();
  Tensor slope = x.tracked() ? Tensor::uninitialized(x.value.shape()) : Tensor();
  float* slopes = slope.defined() ? slope.data() : nullptr;
  Tensor output = in_place_or_new(x.value);
  parallel_for(output.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(apply_activation)
    (kind, input + begin, output.data() + begin, slopes == nullptr ? nullptr : slopes + begin,
     end - begin);
  });
  if (!x.tracked()) return Variable(std::move(output));
  return record(std::move(output), {&x}, [slope](Tensor dy, InputCotangents& inputs) {
    pull_back(slope, std::move(dy), inputs);
  });
}

}  // namespace pellucid
#endif
