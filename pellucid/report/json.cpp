// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/report/json_prediction.h"
#include "pellucid/report/json_writer.h"

namespace pellucid {
namespace {

using report::JsonWriter;

void write_id(JsonWriter& out, std::string_view id) {
  check(nlohmann::json::accept(id) && id.find('\n') == std::string_view::npos,
        "id is {}, expected a JSON value on one line", id);
  out.key("id").raw(id);
}

void write_tokens(JsonWriter& out, const Explanation& explanation) {
  const auto unit_of =
      explanation.units.unit_of_token(static_cast<std::int64_t>(explanation.tokens.size()));
  out.key("tokens").open('[');
  for (std::size_t i = 0; i < explanation.tokens.size(); ++i) {
    const Token& token = explanation.tokens[i];
    out.open('{').key("id").integer(token.id).key("token").text(token.text);
    report::write_span(out, token.special ? std::nullopt : std::optional(token.span));
    out.key("special").boolean(token.special).key("segment").integer(token.segment).key("unit");
    unit_of[i] ? out.integer(*unit_of[i]) : out.null();
    out.close('}');
  }
  out.close(']');
}

void write_units(JsonWriter& out, const Units& units) {
  out.key("unit").text(name(units.kind)).key("units").open('[');
  for (const TextUnit& unit : units.units) {
    out.open('{').key("text").text(unit.text);
    report::write_span(out, unit.span);
    out.key("segment").integer(unit.segment).key("tokens").integers(unit.tokens).close('}');
  }
  out.close(']');
}

/// The characters of the tokens at the target's positions, for tasks that label tokens.
std::optional<Span> target_span(const Explanation& explanation, const Target& target) {
  std::optional<Span> hull;
  if (explanation.task != Task::token_classification) return hull;
  for (const std::int64_t position : target.positions) {
    if (position < 0 || position >= static_cast<std::int64_t>(explanation.tokens.size())) continue;
    const Token& token = explanation.tokens[static_cast<std::size_t>(position)];
    if (token.special) continue;
    if (!hull) hull = token.span;
    hull = Span{std::min(hull->start, token.span.start), std::max(hull->end, token.span.end)};
  }
  return hull;
}

void write_position(JsonWriter& out, const std::vector<std::int64_t>& positions) {
  out.key("position");
  if (positions.empty()) {
    out.null();
  } else if (positions.size() == 1) {
    out.integer(positions.front());
  } else {
    out.integers(positions);
  }
}

void write_matrix(JsonWriter& out, std::string_view key,
                  const std::vector<std::vector<double>>& matrix) {
  if (matrix.empty()) return;
  out.key(key).open('[');
  for (const std::vector<double>& row : matrix) out.numbers(row);
  out.close(']');
}

void write_counterfactual(JsonWriter& out, const Counterfactual& changed) {
  out.key("counterfactual").open('{').key("found").boolean(changed.found);
  out.key("edits").open('[');
  for (const Edit& edit : changed.edits) {
    out.open('{').key("unit").integer(edit.unit);
    out.key("from").text(edit.from).key("to").text(edit.to).close('}');
  }
  out.close(']').key("prediction");
  report::write_prediction(out, changed.prediction);
  out.key("evaluations").integer(changed.evaluations).close('}');
}

void write_target(JsonWriter& out, const Explanation& explanation,
                  const TargetExplanation& result) {
  const Target& target = result.target;
  out.open('{').key("label").text(target.label).key("index");
  target.index ? out.integer(*target.index) : out.null();
  if (target.contrast) out.key("contrast").integer(*target.contrast);
  write_position(out, target.positions);
  if (const auto span = target_span(explanation, target)) report::write_span(out, span);
  out.key("output").text(name(target.output));
  out.key("value").optional_number(result.value);
  out.key("baseline_value").optional_number(result.baseline_value);
  out.key("signed").boolean(result.is_signed).key("scores").numbers(result.scores);
  if (!result.token_scores.empty()) out.key("token_scores").numbers(result.token_scores);
  out.key("standard_errors");
  result.standard_errors.empty() ? out.null() : out.numbers(result.standard_errors);
  write_matrix(out, "interactions", result.interactions);
  write_matrix(out, "interaction_standard_errors", result.interaction_errors);
  if (!result.directions.empty()) out.key("direction").numbers(result.directions);
  if (result.r_squared) out.key("r_squared").number(*result.r_squared);
  if (result.counterfactual) write_counterfactual(out, *result.counterfactual);
  if (result.unassigned && std::isfinite(*result.unassigned)) {  // the schema has no null here
    out.key("unassigned").number(*result.unassigned);
  }
  out.key("sum").optional_number(result.sum);
  out.key("completeness_gap").optional_number(result.completeness_gap);
  out.key("relative_gap").optional_number(result.relative_gap).close('}');
}

void write_method(JsonWriter& out, const MethodDescription& method) {
  out.key("method")
      .open('{')
      .key("name")
      .text(method.name)
      .key("preset")
      .optional_text(method.preset);
  out.key("parameters").open('{');
  for (const auto& [key, value] : method.parameters) {
    out.key(key);
    if (const auto* flag = std::get_if<bool>(&value)) {
      out.boolean(*flag);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      out.integer(*integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
      out.number(*number);
    } else {
      out.text(std::get<std::string>(value));
    }
  }
  out.close('}').close('}');
}

void write_windows(JsonWriter& out, const Encoding& encoding) {
  const auto list = [&](const char* name, auto&& write) {
    out.key(name).open('[');
    for (const Token& token : encoding.tokens) write(token);
    out.close(']');
  };
  list("ids", [&](const Token& token) { out.integer(token.id); });
  list("tokens", [&](const Token& token) { out.text(token.text); });
  list("offsets", [&](const Token& token) {
    out.open('[').integer(token.span.start).integer(token.span.end).close(']');
  });
  list("word_ids", [&](const Token& token) { token.word ? out.integer(*token.word) : out.null(); });
  list("special_tokens_mask", [&](const Token& token) { out.integer(token.special ? 1 : 0); });
  list("type_ids", [&](const Token& token) { out.integer(token.type); });
  list("attention_mask", [&](const Token&) { out.integer(1); });
  out.key("overflowing").open('[');
  for (const Encoding& window : encoding.overflowing) {
    out.open('{');
    write_windows(out, window);
    out.close('}');
  }
  out.close(']');
}

}  // namespace

std::string to_json(const Explanation& explanation) {
  JsonWriter out;
  out.open('{');
  write_id(out, explanation.id);
  out.key("model").text(explanation.model).key("task").text(name(explanation.task));
  out.key("text").text(explanation.text).key("pair").optional_text(explanation.pair);
  if (explanation.true_label) out.key("true_label").text(*explanation.true_label);
  out.key("prediction");
  report::write_prediction(out, explanation.prediction);
  write_tokens(out, explanation);
  write_units(out, explanation.units);
  out.key("targets").open('[');
  for (const TargetExplanation& target : explanation.targets)
    write_target(out, explanation, target);
  out.close(']');
  write_method(out, explanation.method);
  out.key("evaluations")
      .integer(explanation.evaluations)
      .key("converged")
      .boolean(explanation.converged);
  out.key("precision").text(explanation.precision).key("seed").unsigned_integer(explanation.seed);
  out.key("forwards").integer(explanation.forwards).key("vjps").integer(explanation.vjps);
  out.key("seconds").number(explanation.seconds).key("warnings").texts(explanation.warnings);
  out.key("version").text(explanation.version).close('}');
  return out.take();
}

std::string prediction_json(const Prediction& prediction, Task) {
  JsonWriter out;
  report::write_prediction(out, prediction);
  return out.take();
}

std::string prediction_line_json(std::string_view id, std::string_view text,
                                 const std::optional<std::string>& pair, Task task,
                                 const Prediction& prediction) {
  JsonWriter out;
  out.open('{');
  write_id(out, id);
  out.key("text").text(text).key("pair").optional_text(pair).key("task").text(name(task));
  out.key("prediction");
  report::write_prediction(out, prediction);
  out.close('}');
  return out.take();
}

std::string decoded_json(std::string_view id, std::string_view text) {
  JsonWriter out;
  out.open('{').key("text").text(text);
  if (id != "null") write_id(out, id);
  out.close('}');
  return out.take();
}

std::string encoding_json(std::string_view id, std::string_view text,
                          const std::optional<std::string>& pair, const Encoding& encoding) {
  JsonWriter out;
  out.open('{').key("text").text(text).key("pair").optional_text(pair);
  write_windows(out, encoding);
  if (id != "null") write_id(out, id);
  out.close('}');
  return out.take();
}

}  // namespace pellucid
