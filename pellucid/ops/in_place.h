// SPDX-License-Identifier: Apache-2.0
// Where a result may overwrite its input: it stays in the cache and takes no more memory.
#pragma once

#include <utility>

#include "pellucid/tensor/tensor.h"

namespace pellucid {

/// A result of the shape of `input`: its own storage if no one else holds it (`input` is empty
/// afterwards, so that the result in turn is held once), else new. Either way the values of `input`
/// stay readable through a pointer taken before.
inline Tensor in_place_or_new(Tensor& input) {
  return input.unique() ? std::exchange(input, Tensor()) : Tensor::uninitialized(input.shape());
}

}  // namespace pellucid
