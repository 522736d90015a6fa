// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/activation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pellucid/base/parallel.h"
#include "pellucid/ops/contrast.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/activation.cpp"
#include "pellucid/ops/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

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

struct Application {
  const float* x;
  float *y, *slope;
  std::int64_t size;

  template <class Function>
  void run() const {
    apply<Function>(x, y, slope, size);
  }
};

void apply_activation(Activation kind, const float* x, float* y, float* slope, std::int64_t size) {
  visit_activation(kind, Application{x, y, slope, size});
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
  const bool contrast = contrasts(x.tape, kind);
  const Tensor kept = contrast ? x.value : Tensor();  // shared: not overwritten
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
  if (contrast) contrast_activation(kept, output, slope);
  return record(std::move(output), {&x}, [slope](Tensor dy, InputCotangents& inputs) {
    pull_back(slope, std::move(dy), inputs);
  });
}

}  // namespace pellucid
#endif
