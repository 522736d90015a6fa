// SPDX-License-Identifier: Apache-2.0
// Normal noise on activations, a function of the text and the number of the draw alone.
#pragma once

#include <cstdint>

#include "pellucid/attributions/recorded_draws.h"
#include "pellucid/evaluator/evaluator.h"

namespace pellucid {

/// clean + sigma eps, eps standard normal; template tokens stay unless `special`. Where noise was
/// recorded that is added, as it is, to all of them.  clean: [tokens, width]
Tensor with_noise(const Evaluator& evaluator, const Tensor& clean, std::int64_t draw, double sigma,
                  bool special, const RecordedDraws& recorded);

}  // namespace pellucid
