// SPDX-License-Identifier: Apache-2.0
// The model's answer as a JSON object, one writer and one reader for each task's kind of answer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "pellucid/evaluator/prediction.h"
#include "pellucid/report/json_writer.h"

namespace pellucid::report {

/// "start": 2, "end": 6; null twice for none.
void write_span(JsonWriter& out, const std::optional<Span>& span);
void write_prediction(JsonWriter& out, const Prediction& prediction);

/// The task says which kind of answer the object holds. Errors as in json_reader.h.
Prediction read_prediction(const nlohmann::ordered_json& object, Task task);

}  // namespace pellucid::report
