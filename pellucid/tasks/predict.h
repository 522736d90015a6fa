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
  std::optional<Task> task{};
  std::int64_t top = 5;  ///< answers and mask candidates
  Grouping grouping = Grouping::simple;
  std::vector<std::string> ignored_labels{"O"};
  std::int64_t max_answer_length = 30;  ///< tokens
  bool allow_no_answer = false;
  /// None: windows for answers and tokens, else truncate.
  std::optional<LongText> long_text{};
  std::optional<std::int64_t> max_length{};  ///< none: the model's; for answers at most 384
  /// Called before an item's result with what the caller should know: that a text was cut.
  std::function<void(std::int64_t index, const std::string& warning)> warn{};
  ExecutorOptions run{};
};

/// The task of a model: `wanted` if its head can do it (else UsageError), else the one that its
/// head and problem type name; `pair` makes a single-text classification a pair classification.
Task find_task(const Model& model, std::optional<Task> wanted, bool pair);

Prediction predict(const Model& model, const Item& item, const PredictOptions& options = {});

using PredictResult = std::variant<Prediction, std::string>;

/// Streams: `next(item)` fills the next item and returns false at the end; `done(index, item,
/// result)` is called in order. Items are packed together, and memory does not grow with their
/// number. An item that fails does not stop the others. Throws UsageError at once for options that
/// do not fit the model.
void predict_stream(const Model& model, const PredictOptions& options,
                    const std::function<bool(Item&)>& next,
                    const std::function<void(std::int64_t, const Item&, PredictResult)>& done);

}  // namespace pellucid
