// SPDX-License-Identifier: Apache-2.0
#include "pellucid/evaluator/prediction.h"

#include <array>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr std::array<std::pair<Task, std::string_view>, 7> kTasks{{
    {Task::sequence_classification, "sequence-classification"},
    {Task::pair_classification, "pair-classification"},
    {Task::multi_label, "multi-label"},
    {Task::regression, "regression"},
    {Task::token_classification, "token-classification"},
    {Task::question_answering, "question-answering"},
    {Task::masked_lm, "masked-lm"},
}};

}  // namespace

std::string_view name(Task task) {
  for (const auto& [value, text] : kTasks) {
    if (value == task) return text;
  }
  return "";
}

Task parse_task(std::string_view name) {
  std::vector<std::string> known;
  std::string listed;
  for (const auto& [value, text] : kTasks) {
    if (text == name) return value;
    known.emplace_back(text);
    listed += (listed.empty() ? "" : ", ") + std::string(text);
  }
  fail_usage("task {} is unknown, expected one of {}{}", quote(name), listed,
             did_you_mean(name, known));
}

}  // namespace pellucid
