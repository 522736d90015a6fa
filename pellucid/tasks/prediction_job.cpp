// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/prediction_job.h"

#include <algorithm>
#include <limits>

#include "pellucid/base/error.h"
#include "pellucid/tasks/classification.h"
#include "pellucid/tasks/encode.h"
#include "pellucid/tasks/masked_lm.h"
#include "pellucid/tasks/question_answering.h"
#include "pellucid/tasks/tokens.h"

namespace pellucid {
namespace {

constexpr std::int64_t kAnswerWindow = 384;  // tokens, as question answering models are trained
constexpr std::int64_t kAnswerStride = 128;
constexpr std::int64_t kTokenStride = 64;
constexpr std::int64_t kLeastContext = 32;  // tokens that a question must leave for the context

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\n\r\f\v") == std::string::npos;
}

void check_texts(Task task, const Item& item) {
  if (task == Task::question_answering) {
    check_usage(item.pair.has_value(), "task question-answering: the context is missing");
    check(!is_blank(item.text), "task question-answering: the question is empty");
    check(!is_blank(*item.pair), "task question-answering: the context is empty");
  }
  if (task == Task::token_classification || task == Task::masked_lm) {
    check_usage(!item.pair, "task {}: expected one text, found a second one", name(task));
  }
  check_usage(task != Task::pair_classification || item.pair.has_value(),
              "task pair-classification: the second text is missing");
}

/// The place in a window of a token of the whole encoding.
std::size_t place_in(const Window& window, std::int64_t token) {
  return static_cast<std::size_t>(
      std::lower_bound(window.tokens.begin(), window.tokens.end(), token) - window.tokens.begin());
}

}  // namespace

PredictionJob::PredictionJob(const Model& model, const PredictOptions& options, const Item& item)
    : facts_(head_facts(model)), task_(find_task(facts_, options.task, item.pair.has_value())) {
  check_texts(task_, item);
  switch (task_) {
    case Task::question_answering:
      encode_question(model, options, item);
      break;
    case Task::token_classification:
      encode_tokens(model, options, item);
      break;
    case Task::masked_lm:
      encode_masks(model, options, item);
      break;
    case Task::sequence_classification:
    case Task::pair_classification:
    case Task::multi_label:
    case Task::regression:
      encode_sequence(model, options, item);
      break;
  }
  logits_.resize(inputs_.size());
}

void PredictionJob::encode_sequence(const Model& model, const PredictOptions& options,
                                    const Item& item) {
  encoding_ = encode_item(model, item, options.long_text.value_or(LongText::truncate),
                          options.max_length, warnings_);
  inputs_.push_back(make_sequence(model, encoding_));
}

void PredictionJob::encode_masks(const Model& model, const PredictOptions& options,
                                 const Item& item) {
  encode_sequence(model, options, item);
  inputs_.back().reads = mask_positions(model.tokenizer(), encoding_);
}

void PredictionJob::encode_tokens(const Model& model, const PredictOptions& options,
                                  const Item& item) {
  encoding_ = options.long_text
                  ? encode_item(model, item, *options.long_text, options.max_length, warnings_)
                  : encode_whole(model, item);
  windows_ = make_windows(encoding_, 0, length_limit(model, options.max_length), kTokenStride);
  add_windows(model);
}

void PredictionJob::encode_question(const Model& model, const PredictOptions& options,
                                    const Item& item) {
  encoding_ = encode_whole(model, item);
  std::int64_t limit = length_limit(model, options.max_length);
  if (!options.max_length) limit = std::min(limit, kAnswerWindow);
  const auto size = static_cast<std::int64_t>(encoding_.tokens.size());
  check(size <= limit || options.long_text != LongText::error,
        "question and context have {} tokens, expected at most {}", size, limit);
  const std::int64_t question =
      std::count_if(encoding_.tokens.begin(), encoding_.tokens.end(),
                    [](const Token& token) { return token.segment == 0 && !token.special; });
  check(question <= limit - kLeastContext || size <= limit,
        "the question has {} tokens, expected at most {} so that the context fits", question,
        limit - kLeastContext);
  windows_ = make_windows(encoding_, 1, limit, kAnswerStride);
  if (options.long_text == LongText::truncate && windows_.size() > 1) {
    const std::int64_t kept = windows_[0].end - windows_[0].begin;
    const std::int64_t all = windows_.back().end - windows_[0].begin;
    warnings_.push_back(
        fmt::format("context too long: the first {} of its {} tokens are used, {} are cut", kept,
                    all, all - kept));
    windows_.resize(1);
  }
  add_windows(model);
  // Beside the context only the first token counts: it stands for "no answer".
  for (std::size_t w = 0; w < windows_.size(); ++w) {
    auto& reads = inputs_[w].reads;
    reads = {0};
    for (std::size_t i = 1; i < windows_[w].tokens.size(); ++i) {
      const Token& token = encoding_.tokens[static_cast<std::size_t>(windows_[w].tokens[i])];
      if (token.segment == 1 && !token.special) reads.push_back(static_cast<std::int64_t>(i));
    }
  }
}

void PredictionJob::add_windows(const Model& model) {
  for (const Window& window : windows_) {
    inputs_.push_back(make_sequence(model, window_encoding(encoding_, window)));
  }
}

Work PredictionJob::work() {
  static const std::vector<Target> kNoTargets;
  Work work;
  work.probes = static_cast<std::int64_t>(inputs_.size());
  work.targets = &kNoTargets;
  work.input = [this](std::int64_t probe) -> const Sequence& {
    return inputs_[static_cast<std::size_t>(probe)];
  };
  work.deliver = [this](std::int64_t probe, const Answers& answers) {
    logits_[static_cast<std::size_t>(probe)].assign(answers.logits.begin(), answers.logits.end());
  };
  return work;
}

std::int64_t PredictionJob::logits_count() const {
  std::int64_t rows = 0;
  for (const Sequence& input : inputs_) {
    const auto reads = static_cast<std::int64_t>(input.reads.size());
    const bool one_row = facts_.head == HeadKind::sequence_classification;
    rows += one_row ? 1 : reads > 0 ? reads : input.size();
  }
  return rows * facts_.outputs;
}

Prediction PredictionJob::answer(const Model& model, const PredictOptions& options,
                                 const Item& item) const {
  switch (task_) {
    case Task::question_answering:
      return answer_question(options, item);
    case Task::token_classification:
      return answer_tokens(options, item);
    case Task::masked_lm:
      return answer_masks(model, options);
    case Task::sequence_classification:
    case Task::pair_classification:
    case Task::multi_label:
    case Task::regression:
      break;
  }
  return classify(facts_, task_, logits_.front());
}

TokensPrediction PredictionJob::answer_tokens(const PredictOptions& options,
                                              const Item& item) const {
  const auto outputs = static_cast<std::ptrdiff_t>(facts_.outputs);
  std::vector<std::vector<float>> rows;
  for (std::size_t t = 0; t < encoding_.tokens.size(); ++t) {
    const auto token = static_cast<std::int64_t>(t);
    // Template tokens stand in every window: those at the front are read in the first.
    std::int64_t index = best_window(windows_, token, token);
    if (index < 0) {
      index = token < windows_.front().begin ? 0 : static_cast<std::int64_t>(windows_.size()) - 1;
    }
    const auto w = static_cast<std::size_t>(index);
    const auto row =
        logits_[w].begin() + static_cast<std::ptrdiff_t>(place_in(windows_[w], token)) * outputs;
    rows.emplace_back(row, row + outputs);
    // One logit decides between two labels: the other's is 0.
    if (facts_.head == HeadKind::replaced_token_detection)
      rows.back().insert(rows.back().begin(), 0);
  }
  return label_tokens(encoding_, item.text, class_labels(facts_, task_), rows,
                      {options.grouping, options.ignored_labels});
}

AnswerPrediction PredictionJob::answer_question(const PredictOptions& options,
                                                const Item& item) const {
  std::vector<AnswerLogits> scores;
  for (std::size_t w = 0; w < windows_.size(); ++w) {
    constexpr float kUnread = -std::numeric_limits<float>::infinity();
    AnswerLogits window;
    window.start.assign(windows_[w].tokens.size(), kUnread);
    window.end = window.start;
    for (std::size_t row = 0; row < inputs_[w].reads.size(); ++row) {
      const auto at = static_cast<std::size_t>(inputs_[w].reads[row]);
      window.start[at] = logits_[w][2 * row];
      window.end[at] = logits_[w][2 * row + 1];
    }
    scores.push_back(std::move(window));
  }
  return find_answers(encoding_, *item.pair, windows_, scores,
                      {options.top, options.max_answer_length, options.allow_no_answer});
}

MaskedPrediction PredictionJob::answer_masks(const Model& model,
                                             const PredictOptions& options) const {
  const auto width = static_cast<std::size_t>(facts_.outputs);
  const std::span<const float> logits(logits_.front());
  MaskedPrediction prediction;
  for (std::size_t at = 0; at < logits.size(); at += width) {
    prediction.masks.push_back(
        top_tokens(model.tokenizer(), logits.subspan(at, width), options.top));
  }
  return prediction;
}

}  // namespace pellucid
