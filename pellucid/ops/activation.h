// SPDX-License-Identifier: Apache-2.0
// Activation functions y = f(x), element by element, by the names that Hugging Face configurations
// use.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

enum class Activation {
  identity,      ///< x
  relu,          ///< max(x, 0)
  relu_squared,  ///< max(x, 0)^2.  So et al. 2021, arXiv 2109.08668
  gelu,          ///< x (1 + erf(x / sqrt 2)) / 2.  Hendrycks, Gimpel 2016, arXiv 1606.08415
  gelu_tanh,     ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, same source
  quick_gelu,    ///< x sigmoid(1.702 x), same source
  silu,          ///< x sigmoid(x)
  mish,          ///< x tanh(log(1 + exp x)).  Misra 2019, arXiv 1908.08681
  sigmoid,       ///< 1 / (1 + exp(-x))
  tanh,          ///< tanh x
};

/// The function that a configuration's `hidden_act` names; nothing if it is not known here.
std::optional<Activation> parse_activation(std::string_view name);

/// All names that parse_activation knows, in alphabetical order.
std::span<const std::string_view> activation_names();

/// y = f(x).  x: any shape; overwritten when no one else holds it
/// saves: f'(x), made in the same pass, when x is tracked.  VJP: dy f'(x)
Variable activation(Activation kind, Variable x);

}  // namespace pellucid
