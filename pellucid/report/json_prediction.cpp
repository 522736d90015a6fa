// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/json_prediction.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pellucid/report/json_reader.h"

namespace pellucid::report {
namespace {

/// label, index, probability, logits, probabilities, labels of both kinds of classifiers.
template <class Classes>
void write_classes(JsonWriter& out, const Classes& classes) {
  const auto index = static_cast<std::size_t>(classes.index);
  out.key("label");
  index < classes.labels.size() ? out.text(classes.labels[index]) : out.null();
  out.key("index")
      .integer(classes.index)
      .key("probability")
      .number(classes.probabilities.at(index));
  out.key("logits").numbers(classes.logits).key("probabilities").numbers(classes.probabilities);
  out.key("labels").texts(classes.labels);
}

void write(JsonWriter& out, const ClassPrediction& classes) {
  if (static_cast<std::size_t>(classes.index) >= classes.probabilities.size()) {
    out.null();
    return;
  }
  out.open('{');
  write_classes(out, classes);
  out.close('}');
}

void write(JsonWriter& out, const MultiLabelPrediction& labels) {
  if (static_cast<std::size_t>(labels.index) >= labels.probabilities.size()) {
    out.null();
    return;
  }
  out.open('{');
  write_classes(out, labels);
  out.key("predicted").open('[');
  for (const std::int64_t index : labels.predicted) {
    out.text(labels.labels.at(static_cast<std::size_t>(index)));
  }
  out.close(']').close('}');
}

void write(JsonWriter& out, const RegressionPrediction& regression) {
  out.open('{').key("values").numbers(regression.values);
  if (!regression.labels.empty()) out.key("labels").texts(regression.labels);
  out.close('}');
}

void write(JsonWriter& out, const TokensPrediction& tokens) {
  out.open('{').key("entities").open('[');
  for (const Entity& entity : tokens.entities) {
    out.open('{').key("label").text(entity.label).key("score").number(entity.score);
    write_span(out, entity.span);
    out.key("text").text(entity.text).key("tokens").integers(entity.tokens).close('}');
  }
  out.close(']').key("tokens").open('[');
  for (const TokenPrediction& token : tokens.tokens) {
    out.open('{').key("token").text(token.token).key("label").text(token.label);
    out.key("index").integer(token.index).key("score").number(token.score);
    write_span(out, token.span);
    out.key("logits").numbers(token.logits).close('}');
  }
  out.close(']').close('}');
}

void write_answer(JsonWriter& out, const Answer& answer) {
  out.key("answer").text(answer.answer);
  write_span(out, answer.span);
  out.key("score").number(answer.score);
}

/// The best answer stands at the top, `candidates` are the others.
void write(JsonWriter& out, const AnswerPrediction& answers) {
  out.open('{');
  if (answers.candidates.empty()) {
    out.key("answer").text("");
    write_span(out, std::nullopt);
    out.key("score").null();
  } else {
    write_answer(out, answers.candidates.front());
  }
  out.key("candidates").open('[');
  for (std::size_t i = 1; i < answers.candidates.size(); ++i) {
    out.open('{');
    write_answer(out, answers.candidates[i]);
    out.close('}');
  }
  out.close(']').key("no_answer_score").optional_number(answers.no_answer_score).close('}');
}

void write(JsonWriter& out, const MaskedPrediction& masked) {
  out.open('{').key("masks").open('[');
  for (const auto& mask : masked.masks) {
    out.open('[');
    for (const MaskCandidate& candidate : mask) {
      out.open('{').key("token").text(candidate.token).key("id").integer(candidate.id);
      out.key("probability").number(candidate.probability).close('}');
    }
    out.close(']');
  }
  out.close(']').close('}');
}

template <class Classes>
Classes read_classes(const Json& object) {
  Classes classes;
  classes.index = field<std::int64_t>(object, "prediction.index");
  classes.logits = field<std::vector<float>>(object, "prediction.logits");
  classes.probabilities =
      read_numbers(at(object, "prediction.probabilities"), "prediction.probabilities");
  classes.labels = field<std::vector<std::string>>(object, "prediction.labels");
  const auto count = classes.probabilities.size();
  check(classes.logits.size() == count && classes.labels.size() == count,
        "prediction: {} logits, {} probabilities and {} labels, expected equal numbers",
        classes.logits.size(), count, classes.labels.size());
  check(classes.index >= 0 && static_cast<std::size_t>(classes.index) < count,
        "prediction.index is {}, expected 0 to {}", classes.index,
        static_cast<std::int64_t>(count) - 1);
  return classes;
}

MultiLabelPrediction read_labels(const Json& object) {
  auto labels = read_classes<MultiLabelPrediction>(object);
  for (const auto& label : field<std::vector<std::string>>(object, "prediction.predicted")) {
    const auto found = std::find(labels.labels.begin(), labels.labels.end(), label);
    check(found != labels.labels.end(),
          "prediction.predicted has '{}', which is none of the labels", label);
    labels.predicted.push_back(found - labels.labels.begin());
  }
  return labels;
}

TokensPrediction read_tokens(const Json& object) {
  TokensPrediction result;
  for (const Json& item : array(object, "prediction.entities")) {
    result.entities.push_back({field<std::string>(item, "entities.label"),
                               number(item, "entities.score"),
                               read_span(item, "entities").value_or(Span{}),
                               field<std::string>(item, "entities.text"),
                               {}});
    if (item.contains("tokens")) {
      result.entities.back().tokens = field<std::vector<std::int64_t>>(item, "entities.tokens");
    }
  }
  for (const Json& item : array(object, "prediction.tokens")) {
    result.tokens.push_back(
        {field<std::string>(item, "tokens.token"), field<std::string>(item, "tokens.label"),
         field<std::int64_t>(item, "tokens.index"), number(item, "tokens.score"),
         read_span(item, "tokens"), field<std::vector<float>>(item, "tokens.logits")});
  }
  return result;
}

Answer read_answer(const Json& item) {
  return {field<std::string>(item, "prediction.answer"),
          read_span(item, "prediction").value_or(Span{}), number(item, "prediction.score")};
}

AnswerPrediction read_answers(const Json& object) {
  AnswerPrediction result;
  if (!at(object, "prediction.start").is_null()) result.candidates.push_back(read_answer(object));
  for (const Json& item : array(object, "prediction.candidates")) {
    result.candidates.push_back(read_answer(item));
  }
  if (object.contains("no_answer_score")) {
    result.no_answer_score = optional_number(object, "prediction.no_answer_score");
  }
  return result;
}

MaskedPrediction read_masks(const Json& object) {
  MaskedPrediction result;
  for (const Json& mask : array(object, "prediction.masks")) {
    auto& candidates = result.masks.emplace_back();
    for (const Json& item : mask) {
      candidates.push_back({field<std::string>(item, "masks.token"),
                            field<std::int32_t>(item, "masks.id"),
                            number(item, "masks.probability")});
    }
  }
  return result;
}

}  // namespace

void write_span(JsonWriter& out, const std::optional<Span>& span) {
  out.key("start");
  span ? out.integer(span->start) : out.null();
  out.key("end");
  span ? out.integer(span->end) : out.null();
}

void write_prediction(JsonWriter& out, const Prediction& prediction) {
  std::visit([&](const auto& answer) { write(out, answer); }, prediction);
}

Prediction read_prediction(const Json& object, Task task) {
  if (object.is_null()) return ClassPrediction{};
  switch (task) {
    case Task::multi_label:
      return read_labels(object);
    case Task::regression: {
      RegressionPrediction regression{
          read_numbers(at(object, "prediction.values"), "prediction.values"), {}};
      if (object.contains("labels")) {
        regression.labels = field<std::vector<std::string>>(object, "prediction.labels");
      }
      return regression;
    }
    case Task::token_classification:
      return read_tokens(object);
    case Task::question_answering:
      return read_answers(object);
    case Task::masked_lm:
      return read_masks(object);
    default:
      return read_classes<ClassPrediction>(object);
  }
}

}  // namespace pellucid::report
