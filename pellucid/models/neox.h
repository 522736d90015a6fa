// SPDX-License-Identifier: Apache-2.0
// Decoders whose attention and MLP work in parallel: GPT-NeoX (arXiv 2204.06745), GPT-J, Phi,
// Falcon (arXiv 2311.16867).
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_neox(HeadKind head, const ModelConfig& config,
                                         Checkpoint& checkpoint);

}  // namespace pellucid
