// SPDX-License-Identifier: Apache-2.0
// ModernBERT: a pre-norm encoder with rotary positions, gated MLPs, and windows in most layers.
// Warner et al. 2024, arXiv 2412.13663
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_modernbert(HeadKind head, const ModelConfig& config,
                                               Checkpoint& checkpoint);

}  // namespace pellucid
