// SPDX-License-Identifier: Apache-2.0
// Which task a model does: the one asked for if its head can do it, else the one that its head and
// problem type name.
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/tasks/head_facts.h"
#include "pellucid/tasks/predict.h"

namespace pellucid {
namespace {

std::string_view head_name(HeadKind head) {
  switch (head) {
    case HeadKind::sequence_classification:
      return "sequence classification";
    case HeadKind::token_classification:
      return "token classification";
    case HeadKind::question_answering:
      return "question answering";
    case HeadKind::masked_lm:
      return "masked language modelling";
    case HeadKind::replaced_token_detection:
      return "replaced-token detection";
    case HeadKind::causal_lm:
      return "causal language modelling";
    case HeadKind::seq2seq_lm:
      return "sequence-to-sequence language modelling";
    case HeadKind::none:
      break;
  }
  return "no";
}

bool classifies_sequences(Task task) {
  return task == Task::sequence_classification || task == Task::pair_classification ||
         task == Task::multi_label || task == Task::regression;
}

Task default_task(const HeadFacts& facts) {
  switch (facts.head) {
    case HeadKind::sequence_classification:
      if (facts.problem_type == "regression") return Task::regression;
      if (facts.problem_type == "multi_label_classification") return Task::multi_label;
      if (!facts.problem_type && facts.outputs == 1) return Task::regression;
      return Task::sequence_classification;
    case HeadKind::token_classification:
    case HeadKind::replaced_token_detection:
      return Task::token_classification;
    case HeadKind::question_answering:
      return Task::question_answering;
    case HeadKind::masked_lm:
      return Task::masked_lm;
    case HeadKind::causal_lm:
    case HeadKind::seq2seq_lm:
      fail_usage("the model's head does {}, for which there is no task yet", head_name(facts.head));
    case HeadKind::none:
      break;
  }
  fail_usage(
      "the model is a bare encoder without a head, expected one for a task such as "
      "sequence-classification");
}

}  // namespace

Task find_task(const HeadFacts& facts, std::optional<Task> wanted, bool pair) {
  const Task usual = default_task(facts);
  Task task = wanted.value_or(usual);
  const bool fits = task == usual || (classifies_sequences(task) && classifies_sequences(usual));
  check_usage(fits, "task {}: the model's head does {}, expected {}", name(task),
              head_name(facts.head),
              classifies_sequences(usual)
                  ? "sequence-classification, pair-classification, multi-label or regression"
                  : name(usual));
  if (task == Task::sequence_classification && pair) task = Task::pair_classification;
  return task;
}

Task find_task(const Model& model, std::optional<Task> wanted, bool pair) {
  return find_task(head_facts(model), wanted, pair);
}

}  // namespace pellucid
