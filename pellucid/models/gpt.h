// SPDX-License-Identifier: Apache-2.0
// Decoders with learned positions or linear biases: GPT-2, GPT-Neo, OPT (arXiv 2205.01068), BLOOM
// (arXiv 2211.05100).
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_gpt(HeadKind head, const ModelConfig& config,
                                        Checkpoint& checkpoint);

}  // namespace pellucid
