// SPDX-License-Identifier: Apache-2.0
// Prediction: what the model answers, by task.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

enum class Task {
  sequence_classification,
  pair_classification,
  multi_label,
  regression,
  token_classification,
  question_answering,
  masked_lm,
};

std::string_view name(Task task);
Task parse_task(std::string_view name);

/// One of several classes (single text or pair).
struct ClassPrediction {
  std::int64_t index = 0;
  std::vector<float> logits;          ///< [classes]
  std::vector<double> probabilities;  ///< [classes]
  std::vector<std::string> labels;    ///< [classes]
};

/// Labels that are true or not, each by itself.
struct MultiLabelPrediction {
  std::int64_t index = 0;               ///< the most probable label
  std::vector<float> logits;            ///< [labels]
  std::vector<double> probabilities;    ///< [labels], sigmoid
  std::vector<std::string> labels;      ///< [labels]
  std::vector<std::int64_t> predicted;  ///< indexes with probability >= 0.5, most probable first
};

struct RegressionPrediction {
  std::vector<double> values;
  std::vector<std::string> labels;
};

struct TokenPrediction {
  std::string token;
  std::string label;
  std::int64_t index = 0;
  double score = 0;           ///< probability of the label
  std::optional<Span> span;   ///< none for template tokens
  std::vector<float> logits;  ///< [labels]
};

struct Entity {
  std::string label;  ///< without B- / I-
  double score = 0;
  Span span;
  std::string text;
  std::vector<std::int64_t> tokens;  ///< positions in the encoding
};

struct TokensPrediction {
  std::vector<Entity> entities;
  std::vector<TokenPrediction> tokens;
};

struct Answer {
  std::string answer;
  Span span;         ///< in the context
  double score = 0;  ///< exp of the span's raw score over the sum of all valid spans
};

struct AnswerPrediction {
  std::vector<Answer> candidates;  ///< best first; empty: no valid span
  std::optional<double> no_answer_score;
};

struct MaskCandidate {
  std::string token;
  std::int32_t id = 0;
  double probability = 0;
};

struct MaskedPrediction {
  std::vector<std::vector<MaskCandidate>> masks;  ///< per mask in the text, most probable first
};

using Prediction = std::variant<ClassPrediction, MultiLabelPrediction, RegressionPrediction,
                                TokensPrediction, AnswerPrediction, MaskedPrediction>;

}  // namespace pellucid
