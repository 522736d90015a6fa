// SPDX-License-Identifier: Apache-2.0
// What a task needs to know of a model: which head it has and what its outputs are called.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/evaluator/prediction.h"
#include "pellucid/evaluator/target.h"
#include "pellucid/models/model.h"

namespace pellucid {

struct HeadFacts {
  HeadKind head = HeadKind::none;
  std::int64_t outputs = 0;
  std::optional<std::string> problem_type{};
  std::vector<std::string> labels{};  ///< of the config, one for each output
};

HeadFacts head_facts(const Model& model);

/// As find_task in predict.h.
Task find_task(const HeadFacts& facts, std::optional<Task> wanted, bool pair);

/// How the head's logits become probabilities. Answers are read as plain values: their probability
/// is one over positions, not over the two outputs of a row.
Link link_of(const HeadFacts& facts, Task task);

/// Names of the classes: those of the config, duplicates as "name (3)"; replaced-token detection
/// has "original" and "replaced". A head with one logit has two: "LABEL_0" and "LABEL_1", or "not
/// X" and "X" when the config has a name of its own.
std::vector<std::string> class_labels(const HeadFacts& facts, Task task);

/// A single label by exact name, else by a unique name without case, else by an index in digits.
/// None when there is no such label. Throws UsageError for an index out of range and for a name
/// that several labels have.
std::optional<std::int64_t> find_label(const std::vector<std::string>& labels,
                                       std::string_view text);

/// Up to 20 of them: "a, b, c and 8 more".
std::string label_list(const std::vector<std::string>& labels);

}  // namespace pellucid
