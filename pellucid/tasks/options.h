// SPDX-License-Identifier: Apache-2.0
// What may be said about an explanation: targets, method, units, how to run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/attributions/method.h"
#include "pellucid/attributions/reduction.h"
#include "pellucid/attributions/registry.h"
#include "pellucid/text/units.h"

namespace pellucid {

enum class LongText {
  truncate,  ///< by the tokenizer's rule, with a warning that says how much
  error,     ///< refuse
};

/// Another program's numbers: every knob that the caller does not set himself is set as there.
enum class Preset { none, transformers_interpret, interpreto, captum };

/// Options of a method that the preset sets unless the caller does, by their names on the command
/// line.
MethodOptions preset_method_options(Preset preset, const std::string& method);

std::string_view name(Preset preset);
Preset parse_preset(std::string_view name);
LongText parse_long_text(std::string_view name);

struct ExplainOptions {
  std::optional<Task> task{};  ///< else from the model
  /// "predicted", a label, an index, "all", "top:K" or "A-B"; empty: predicted (multi-label: those
  /// over 0.5).
  std::vector<std::string> targets{};
  std::optional<Output> output{};        ///< else the task's: probability, logit for regression
  std::optional<Method> method{};        ///< else integrated gradients
  std::optional<Unit> unit{};            ///< else words
  std::optional<Aggregate> aggregate{};  ///< else sum
  std::optional<Normalize> normalize{};  ///< else none
  bool negate = false;                   ///< multiply all scores by -1, said in the result
  Preset preset = Preset::none;
  LongText long_text = LongText::truncate;
  std::optional<std::int64_t> max_length{};
  std::uint64_t seed = 0;
  ExecutorOptions run{};
};

/// One thing to explain or to predict.
struct Item {
  std::string text;                    ///< for question answering: the question
  std::optional<std::string> pair{};   ///< second text; for question answering: the context
  std::string id = "null";             ///< copied to the output: a JSON value as text
  std::vector<std::string> targets{};  ///< in place of the options' targets
  std::optional<std::string> true_label{};
};

}  // namespace pellucid
