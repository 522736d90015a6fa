// SPDX-License-Identifier: Apache-2.0
// XLNet, its content stream alone: attention to relative positions and segments.
// Yang et al. 2019, arXiv 1906.08237
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_xlnet(HeadKind head, const ModelConfig& config,
                                          Checkpoint& checkpoint);

}  // namespace pellucid
