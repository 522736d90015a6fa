// SPDX-License-Identifier: Apache-2.0
// Results as JSON, one line each: explanations (and back), predictions, encodings. Numbers have the
// fewest digits that read back to the same number; what is not finite is null. Spans count
// characters of the original text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pellucid/attributions/explanation.h"
#include "pellucid/evaluator/prediction.h"
#include "pellucid/text/encoding.h"

namespace pellucid {

/// One line without line end. Throws Error when the id is not a JSON value.
std::string to_json(const Explanation& explanation);

/// The inverse. What JSON does not hold stays at its default: the tokenizer's words and the type
/// ids of the tokens. Throws Error naming the field that is missing, of the wrong type, or at odds
/// with the others.
Explanation explanation_from_json(std::string_view line);

/// The object under "prediction"; null for classes without probabilities (nothing was predicted).
std::string prediction_json(const Prediction& prediction, Task task);
/// A line of `predict`. id: a JSON value as text.
std::string prediction_line_json(std::string_view id, std::string_view text,
                                 const std::optional<std::string>& pair, Task task,
                                 const Prediction& prediction);

/// A line of `tokenize`. id: a JSON value as text; "null" is left out. Special tokens have the
/// offsets [0, 0]; the attention mask is 1 for every token.
std::string encoding_json(std::string_view id, std::string_view text,
                          const std::optional<std::string>& pair, const Encoding& encoding);
/// A line of `tokenize --decode`.
std::string decoded_json(std::string_view id, std::string_view text);

}  // namespace pellucid
