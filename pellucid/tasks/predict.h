// SPDX-License-Identifier: Apache-2.0
// predict: the model's answer alone, for every task.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pellucid/evaluator/executor.h"
#include "pellucid/evaluator/prediction.h"
#include "pellucid/models/model.h"
#include "pellucid/tasks/options.h"

namespace pellucid {

/// How token labels are joined to entities; names as in Hugging Face's pipeline.
enum class Grouping { none, simple, first, average, max };

std::string_view name(Grouping grouping);
Grouping parse_grouping(std::string_view name);

struct PredictOptions {
  std::optional<Task> task;
  std::int64_t top = 5;  ///< answers and mask candidates
  Grouping grouping = Grouping::simple;
  std::vector<std::string> ignored_labels{"O"};
  std::int64_t max_answer_length = 30;  ///< tokens
  bool allow_no_answer = false;
  LongText long_text = LongText::truncate;
  std::optional<std::int64_t> max_length;
  ExecutorOptions run;
};

/// The task of a model: `wanted` if its head can do it (else UsageError), else the one that its
/// head and problem type name; `pair` makes a single-text classification a pair classification.
Task find_task(const Model& model, std::optional<Task> wanted, bool pair);

Prediction predict(const Model& model, const Item& item, const PredictOptions& options = {});

using PredictResult = std::variant<Prediction, std::string>;

/// As explain_stream.
void predict_stream(const Model& model, const PredictOptions& options,
                    const std::function<bool(Item&)>& next,
                    const std::function<void(std::int64_t, const Item&, PredictResult)>& done);

}  // namespace pellucid
