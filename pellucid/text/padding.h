// SPDX-License-Identifier: Apache-2.0
// Padding: fills the encodings of a batch up to one length, as the "padding" of a tokenizer.json
// says. The models here need none, their batches are packed; this is for whoever hands ids on.
#pragma once

#include <vector>

#include "pellucid/text/encoding.h"
#include "pellucid/text/tokenizer.h"

namespace pellucid {

/// Adds padding tokens to the encodings and their further windows. Without a fixed length it is
/// that of the longest encoding; a multiple is kept by rounding up. Nothing is cut.
void pad(std::vector<Encoding>& batch, const Padding& padding);

}  // namespace pellucid
