// SPDX-License-Identifier: Apache-2.0
// One item on its way to a prediction: encoded, run through the network, answered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pellucid/evaluator/executor.h"
#include "pellucid/tasks/head_facts.h"
#include "pellucid/tasks/predict.h"
#include "pellucid/tasks/windows.h"

namespace pellucid {

class PredictionJob {
 public:
  PredictionJob() = default;
  /// Encodes the item. Throws Error.
  PredictionJob(const Model& model, const PredictOptions& options, const Item& item);

  /// The forward passes that the prediction needs. The job must stay where it is until they ran.
  Work work();
  std::int64_t logits_count() const;  ///< floats that the job keeps
  /// After the work ran. Throws Error.
  Prediction answer(const Model& model, const PredictOptions& options, const Item& item) const;

  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void encode_sequence(const Model& model, const PredictOptions& options, const Item& item);
  void encode_question(const Model& model, const PredictOptions& options, const Item& item);
  void encode_tokens(const Model& model, const PredictOptions& options, const Item& item);
  void encode_masks(const Model& model, const PredictOptions& options, const Item& item);
  void add_windows(const Model& model);

  TokensPrediction answer_tokens(const PredictOptions& options, const Item& item) const;
  AnswerPrediction answer_question(const PredictOptions& options, const Item& item) const;
  MaskedPrediction answer_masks(const Model& model, const PredictOptions& options) const;

  HeadFacts facts_{};
  Task task_ = Task::sequence_classification;
  Encoding encoding_;
  std::vector<Window> windows_;             // of token-level tasks
  std::vector<Sequence> inputs_;            // one for each window
  std::vector<std::vector<float>> logits_;  // [inputs][rows read * outputs]
  std::vector<std::string> warnings_;
};

}  // namespace pellucid
