// SPDX-License-Identifier: Apache-2.0
// Decoders like LLaMA (arXiv 2302.13971), one after the other with RMS norms, rotary embeddings and
// gated MLPs: Mistral, Mixtral, Qwen 2 and 3, Gemma 1 to 3, Phi-3, StableLM, OLMo 2.
#pragma once

#include "pellucid/models/decoder_config.h"

namespace pellucid {

DecoderOptions read_llama(const DecoderConfig& reader);

}  // namespace pellucid
