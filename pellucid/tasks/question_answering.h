// SPDX-License-Identifier: Apache-2.0
// Extractive question answering: the most probable spans of whole words of the context. With start
// and end logits s, e a span i..j has the raw score s_i + e_j; its probability is exp of that over
// the sum of all valid spans.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pellucid/evaluator/prediction.h"
#include "pellucid/tasks/windows.h"
#include "pellucid/text/encoding.h"

namespace pellucid {

struct AnswerOptions {
  std::int64_t top = 1;                 ///< answers at most; equal texts count once
  std::int64_t max_answer_length = 30;  ///< tokens
  bool allow_no_answer = false;         ///< the answer may be empty: the null span (first token)
};

/// Start and end logits of a window, in the order of its tokens.
struct AnswerLogits {
  std::vector<float> start;
  std::vector<float> end;
};

/// The question is segment 0, the context segment 1. A span that several windows hold is read in
/// the one with most context around it. Raw scores are compared across windows.
AnswerPrediction find_answers(const Encoding& whole, std::string_view context,
                              const std::vector<Window>& windows,
                              const std::vector<AnswerLogits>& logits,
                              const AnswerOptions& options);

}  // namespace pellucid
