// SPDX-License-Identifier: Apache-2.0
// DeBERTa: BERT with attention to relative positions.  He et al. 2020, arXiv 2006.03654 (v1, v2);
// He et al. 2021, arXiv 2111.09543 (v3)
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

/// deberta (version 1) and deberta-v2 (versions 2 and 3).
std::unique_ptr<const Network> make_deberta(HeadKind head, const ModelConfig& config,
                                            Checkpoint& checkpoint);

}  // namespace pellucid
