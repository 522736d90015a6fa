// SPDX-License-Identifier: Apache-2.0
// Beam search: the most probable continuations of each length are carried on side by side.
// A finished one counts by its log-probability over its length to the power of a penalty, as in
// Hugging Face's generate.  Wu et al. 2016, arXiv 1609.08144
#pragma once

#include "pellucid/generation/continuation.h"
#include "pellucid/generation/generate.h"

namespace pellucid {

/// The best continuation, with options.beams > 1.
Generated beam_search(const Network& network, Continuation text, const GenerateOptions& options);

}  // namespace pellucid
