// SPDX-License-Identifier: Apache-2.0
// BERT: post-norm transformer encoder.  Devlin et al. 2018, arXiv 1810.04805
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_bert(HeadKind head, const ModelConfig& config,
                                         Checkpoint& checkpoint);

}  // namespace pellucid
