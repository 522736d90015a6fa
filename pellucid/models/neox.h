// SPDX-License-Identifier: Apache-2.0
// Decoders whose attention and MLP work in parallel: GPT-NeoX (arXiv 2204.06745), GPT-J, Phi,
// Falcon (arXiv 2311.16867).
#pragma once

#include "pellucid/models/decoder_config.h"

namespace pellucid {

DecoderOptions read_gpt_neox(const DecoderConfig& reader);
DecoderOptions read_gptj(const DecoderConfig& reader);
DecoderOptions read_phi(const DecoderConfig& reader);
DecoderOptions read_falcon(const DecoderConfig& reader);

}  // namespace pellucid
