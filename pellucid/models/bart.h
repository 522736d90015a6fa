// SPDX-License-Identifier: Apache-2.0
// BART (arXiv 1910.13461), mBART (2001.08210), Marian (1804.00344), Pegasus (1912.08777).
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_bart(HeadKind head, const ModelConfig& config,
                                         Checkpoint& checkpoint);

}  // namespace pellucid
