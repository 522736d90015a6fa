// SPDX-License-Identifier: Apache-2.0
// Merges that a vocabulary implies where a file lists none: every split of a token into two tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/text/model_data.h"

namespace pellucid {

/// Ordered by the score of the result, best first; of equal ones those with the longer left part,
/// then with the longer right part (in characters), then by the id of the result, left and right.
/// scores: by id.
std::vector<Merge> merges_by_score(const Vocabulary& vocabulary, const std::vector<float>& scores);

/// Ordered by the id of the result, of the left part, of the right part. Tokens whose characters
/// stand for bytes.
std::vector<Merge> merges_by_rank(const Vocabulary& vocabulary);

}  // namespace pellucid
