// SPDX-License-Identifier: Apache-2.0
// T5 (arXiv 1910.10683), T5 v1.1 and Flan-T5, mT5 (2010.11934).
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_t5(HeadKind head, const ModelConfig& config,
                                       Checkpoint& checkpoint);

}  // namespace pellucid
