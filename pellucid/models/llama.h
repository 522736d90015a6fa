// SPDX-License-Identifier: Apache-2.0
// Decoders like LLaMA (arXiv 2302.13971), one after the other with RMS norms, rotary embeddings and
// gated MLPs: Mistral, Mixtral, Qwen 2 and 3, Gemma 1 to 3, Phi-3, StableLM, OLMo 2.
#pragma once

#include <memory>

#include "pellucid/models/network.h"

namespace pellucid {

std::unique_ptr<const Network> make_llama(HeadKind head, const ModelConfig& config,
                                          Checkpoint& checkpoint);

}  // namespace pellucid
