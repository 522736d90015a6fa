// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/json_reader.h"

#include <array>

#include "pellucid/report/characters.h"
#include "pellucid/report/json.h"
#include "pellucid/report/json_prediction.h"

namespace pellucid {
namespace {

using report::at;
using report::field;
using report::Json;

std::vector<Token> read_tokens(const Json& object) {
  std::vector<Token> tokens;
  for (const Json& item : report::array(object, "tokens")) {
    Token token;
    token.id = field<std::int32_t>(item, "tokens.id");
    token.text = field<std::string>(item, "tokens.token");
    token.span = report::read_span(item, "tokens").value_or(Span{});
    token.segment = field<std::int32_t>(item, "tokens.segment");
    token.special = field<bool>(item, "tokens.special");
    tokens.push_back(std::move(token));
  }
  return tokens;
}

/// lengths: characters of the text and of the pair.
Units read_units(const Json& object, std::size_t tokens,
                 const std::array<std::int64_t, 2>& lengths) {
  Units units;
  units.kind = parse_unit(field<std::string>(object, "unit"));
  for (const Json& item : report::array(object, "units")) {
    TextUnit unit;
    unit.text = field<std::string>(item, "units.text");
    unit.span = report::read_span(item, "units");
    unit.segment = field<std::int32_t>(item, "units.segment");
    unit.tokens = field<std::vector<std::int64_t>>(item, "units.tokens");
    check(unit.segment == 0 || unit.segment == 1, "units.segment is {}, expected 0 or 1",
          unit.segment);
    const std::int64_t length = lengths[static_cast<std::size_t>(unit.segment)];
    check(!unit.span || unit.span->end <= length,
          "units: the span {} to {} ends after the text of {} characters",
          unit.span ? unit.span->start : 0, unit.span ? unit.span->end : 0, length);
    for (const std::int64_t position : unit.tokens) {
      check(position >= 0 && static_cast<std::size_t>(position) < tokens,
            "units.tokens holds {}, expected 0 to {}", position,
            static_cast<std::int64_t>(tokens) - 1);
    }
    units.units.push_back(std::move(unit));
  }
  return units;
}

Link link_of(Task task) {
  if (task == Task::regression) return Link::identity;
  return task == Task::multi_label ? Link::sigmoid : Link::softmax;
}

Target read_target(const Json& item, Task task) {
  Target target;
  target.label = report::optional_text(item, "targets.label").value_or("");
  target.index = report::optional_integer(item, "targets.index");
  if (item.contains("contrast"))
    target.contrast = report::optional_integer(item, "targets.contrast");
  const Json& position = at(item, "targets.position");
  if (position.is_array()) {
    target.positions = field<std::vector<std::int64_t>>(item, "targets.position");
  } else if (!position.is_null()) {
    target.positions = {field<std::int64_t>(item, "targets.position")};
  }
  target.output = parse_output(field<std::string>(item, "targets.output"));
  target.link = link_of(task);
  return target;
}

std::vector<std::vector<double>> read_matrix(const Json& item, const char* key, std::size_t units) {
  std::vector<std::vector<double>> matrix;
  if (!item.contains(key)) return matrix;
  for (const Json& row : report::array(item, key)) {
    matrix.push_back(report::read_numbers(row, key));
    check(matrix.back().size() == units, "targets.{} has a row of {} numbers, expected {}", key,
          matrix.back().size(), units);
  }
  check(matrix.size() == units, "targets.{} has {} rows, expected one for each of the {} units",
        key, matrix.size(), units);
  return matrix;
}

std::optional<Counterfactual> read_counterfactual(const Json& item,
                                                  const Explanation& explanation) {
  if (!item.contains("counterfactual")) return std::nullopt;
  const Json& object = item.at("counterfactual");
  check(object.is_object(), "targets.counterfactual is {}, expected an object", object.type_name());
  Counterfactual changed;
  changed.found = field<bool>(object, "targets.counterfactual.found");
  for (const Json& edit : report::array(object, "edits")) {
    changed.edits.push_back({field<std::int64_t>(edit, "targets.counterfactual.edits.unit"),
                             field<std::string>(edit, "targets.counterfactual.edits.from"),
                             field<std::string>(edit, "targets.counterfactual.edits.to")});
    const std::int64_t unit = changed.edits.back().unit;
    check(0 <= unit && unit < explanation.units.size(),
          "targets.counterfactual.edits.unit is {}, expected 0 to {}", unit,
          explanation.units.size() - 1);
  }
  changed.prediction =
      report::read_prediction(at(object, "targets.counterfactual.prediction"), explanation.task);
  changed.evaluations = field<std::int64_t>(object, "targets.counterfactual.evaluations");
  return changed;
}

TargetExplanation read_target_explanation(const Json& item, const Explanation& explanation) {
  TargetExplanation result;
  result.target = read_target(item, explanation.task);
  result.value = report::optional_number(item, "targets.value");
  result.baseline_value = report::optional_number(item, "targets.baseline_value");
  if (item.contains("signed")) result.is_signed = field<bool>(item, "targets.signed");
  result.scores = report::read_numbers(at(item, "targets.scores"), "targets.scores");
  if (item.contains("token_scores")) {
    result.token_scores =
        report::read_numbers(at(item, "targets.token_scores"), "targets.token_scores");
  }
  if (const Json& errors = at(item, "targets.standard_errors"); !errors.is_null()) {
    result.standard_errors = report::read_numbers(errors, "targets.standard_errors");
  }
  const std::size_t size = explanation.units.units.size();
  result.interactions = read_matrix(item, "interactions", size);
  result.interaction_errors = read_matrix(item, "interaction_standard_errors", size);
  if (item.contains("direction")) {
    result.directions = report::read_numbers(item.at("direction"), "targets.direction");
    check(result.directions.size() == size,
          "targets.direction has {} numbers, expected one for each of the {} units",
          result.directions.size(), size);
  }
  if (item.contains("r_squared")) {
    result.r_squared = report::optional_number(item, "targets.r_squared");
  }
  result.counterfactual = read_counterfactual(item, explanation);
  if (item.contains("unassigned"))
    result.unassigned = report::optional_number(item, "targets.unassigned");
  result.sum = report::optional_number(item, "targets.sum");
  result.completeness_gap = report::optional_number(item, "targets.completeness_gap");
  result.relative_gap = report::optional_number(item, "targets.relative_gap");
  const std::size_t units = explanation.units.units.size();
  const std::size_t tokens = explanation.tokens.size();
  check(result.scores.size() == units,
        "targets.scores has {} numbers, expected one for each of the {} units",
        result.scores.size(), units);
  check(result.standard_errors.empty() || result.standard_errors.size() == units,
        "targets.standard_errors has {} numbers, expected one for each of the {} units",
        result.standard_errors.size(), units);
  check(result.token_scores.empty() || result.token_scores.size() == tokens,
        "targets.token_scores has {} numbers, expected one for each of the {} tokens",
        result.token_scores.size(), tokens);
  return result;
}

MethodDescription read_method(const Json& object) {
  MethodDescription method;
  const Json& item = at(object, "method");
  method.name = field<std::string>(item, "method.name");
  method.preset = report::optional_text(item, "method.preset");
  const Json& parameters = at(item, "method.parameters");
  check(parameters.is_object(), "method.parameters is {}, expected an object",
        parameters.type_name());
  for (const auto& [key, value] : parameters.items()) {
    if (value.is_boolean()) {
      method.parameters.emplace_back(key, value.get<bool>());
    } else if (value.is_number_integer()) {
      method.parameters.emplace_back(key, value.get<std::int64_t>());
    } else if (value.is_number()) {
      method.parameters.emplace_back(key, value.get<double>());
    } else {
      method.parameters.emplace_back(key,
                                     value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return method;
}

Json parse(std::string_view line) {
  try {
    return Json::parse(line);
  } catch (const nlohmann::json::parse_error& error) {
    fail("no JSON: error at byte {}", error.byte);
  }
}

Explanation read(std::string_view line) {
  const Json object = parse(line);
  check(object.is_object(), "found {}, expected an object", object.type_name());
  Explanation explanation;
  explanation.id = at(object, "id").dump();
  explanation.model = field<std::string>(object, "model");
  explanation.task = parse_task(field<std::string>(object, "task"));
  explanation.text = field<std::string>(object, "text");
  explanation.pair = report::optional_text(object, "pair");
  if (object.contains("true_label"))
    explanation.true_label = report::optional_text(object, "true_label");
  explanation.prediction = report::read_prediction(at(object, "prediction"), explanation.task);
  explanation.tokens = read_tokens(object);
  explanation.units = read_units(object, explanation.tokens.size(),
                                 {report::count_characters(explanation.text),
                                  report::count_characters(explanation.pair.value_or(""))});
  for (const Json& item : report::array(object, "targets")) {
    explanation.targets.push_back(read_target_explanation(item, explanation));
  }
  explanation.method = read_method(object);
  if (object.contains("evaluations"))
    explanation.evaluations = field<std::int64_t>(object, "evaluations");
  if (object.contains("converged")) explanation.converged = field<bool>(object, "converged");
  explanation.precision = field<std::string>(object, "precision");
  explanation.seed = field<std::uint64_t>(object, "seed");
  explanation.forwards = field<std::int64_t>(object, "forwards");
  explanation.vjps = field<std::int64_t>(object, "vjps");
  explanation.seconds = field<double>(object, "seconds");
  explanation.warnings = field<std::vector<std::string>>(object, "warnings");
  explanation.version = field<std::string>(object, "version");
  return explanation;
}

}  // namespace

Explanation explanation_from_json(std::string_view line) {
  try {
    return read(line);
  } catch (const Error& error) {
    fail("explanation: {}", error.what());
  }
}

}  // namespace pellucid
