// SPDX-License-Identifier: Apache-2.0
// Decoders with learned positions or linear biases: GPT-2, GPT-Neo, OPT (arXiv 2205.01068), BLOOM
// (arXiv 2211.05100).
#pragma once

#include "pellucid/models/decoder_config.h"

namespace pellucid {

DecoderOptions read_gpt2(const DecoderConfig& reader);
DecoderOptions read_gpt_neo(const DecoderConfig& reader);
DecoderOptions read_opt(const DecoderConfig& reader);
DecoderOptions read_bloom(const DecoderConfig& reader);

}  // namespace pellucid
