// SPDX-License-Identifier: Apache-2.0
// MobileBERT: thin layers between bottlenecks, and words that see their neighbours.
// Sun et al. 2020, arXiv 2004.02984
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_mobilebert(HeadKind head, const ModelConfig& config,
                                               Checkpoint& checkpoint);

}  // namespace pellucid
