// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pellucid/report/describe.h"
#include "pellucid/report/html_parts.h"
#include "pellucid/report/html_text.h"
#include "pellucid/report/numbers.h"

namespace pellucid::report {
namespace {

struct Row {
  std::string name;  ///< plain text
  double probability = 0;
  bool strong = false;
};

std::string bars_table(const std::string& caption, const std::string& head,
                       const std::vector<Row>& rows, std::size_t limit) {
  std::string body;
  for (std::size_t i = 0; i < std::min(limit, rows.size()); ++i) {
    body += fmt::format("<tr{}><td dir=\"auto\">{}</td><td>{}</td><td class=\"r\">{}</td></tr>\n",
                        rows[i].strong ? " class=\"top\"" : "",
                        html_text(beginning(rows[i].name, 80)), svg_bar(rows[i].probability, false),
                        html_text(probability_text(rows[i].probability)));
  }
  std::string out = fmt::format(
      "<table class=\"bars\"><caption class=\"vh\">{}</caption><thead><tr><th scope=\"col\">{}</th>"
      "<th scope=\"col\"><span class=\"vh\">Bar</span></th><th scope=\"col\" "
      "class=\"r\">Probability</th></tr></thead>"
      "<tbody>\n{}</tbody></table>\n",
      caption, head, body);
  if (rows.size() > limit)
    out += fmt::format("<p class=\"note\">{} more in the JSON output.</p>\n", rows.size() - limit);
  return out;
}

std::string section(const std::string& title, const std::string& content) {
  return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", title, content);
}

std::string answers_table(const AnswerPrediction& answers) {
  std::vector<Row> rows;
  for (const Answer& answer : answers.candidates)
    rows.push_back({answer.answer, answer.score, rows.empty()});
  if (answers.no_answer_score) rows.push_back({"(no answer)", *answers.no_answer_score, false});
  return rows.empty() ? ""
                      : section("Answers", bars_table("Answers by probability", "Answer", rows, 8));
}

std::string entities_table(const TokensPrediction& tokens) {
  std::vector<Row> rows;
  for (const Entity& entity : tokens.entities) {
    rows.push_back({entity.text + " \u2013 " + entity.label, entity.score, false});
  }
  return rows.empty()
             ? ""
             : section("Entities", bars_table("Entities in text order", "Entity", rows, 50));
}

std::string masks_table(const MaskedPrediction& masked) {
  std::string content;
  for (const auto& mask : masked.masks) {
    std::vector<Row> rows;
    for (const MaskCandidate& candidate : mask)
      rows.push_back({candidate.token, candidate.probability, rows.empty()});
    content += bars_table("Candidates for the mask", "Token", rows, 8);
  }
  return content.empty() ? content : section("Candidates", content);
}

class Facts {
 public:
  /// `html` is already escaped.
  void add(const char* name, const std::string& html, bool is_long = false) {
    const char* place = is_long ? " class=\"long\"" : "";
    list_ += fmt::format("<div{}><dt>{}</dt><dd>{}</dd></div>\n", place, name, html);
  }
  std::string html() const { return "<dl class=\"facts\">\n" + list_ + "</dl>\n"; }

 private:
  std::string list_;
};

void add_method(Facts& facts, const Explanation& explanation) {
  facts.add("Model", html_isolated(explanation.model));
  std::string method = html_text(method_title(explanation.method.name));
  if (explanation.method.preset) method += ", preset " + html_isolated(*explanation.method.preset);
  facts.add("Method", method);
  std::string settings;
  for (const auto& parameter : explanation.method.parameters) {
    if (!settings.empty()) settings += ", ";
    settings += html_isolated(parameter_text(parameter));
  }
  if (!settings.empty()) facts.add("Settings", settings, true);
}

void add_run(Facts& facts, const Explanation& explanation) {
  facts.add("Unit", html_text(name(explanation.units.kind)));
  facts.add("Precision", html_text(explanation.precision));
  facts.add("Seed", fmt::format("{}", explanation.seed));
}

std::string cost(std::int64_t forwards, std::int64_t vjps) {
  return fmt::format("{} forward{}, {} backward", count_text(forwards), forwards == 1 ? "" : "s",
                     count_text(vjps));
}

std::string gap_text(const TargetExplanation& target) {
  if (!target.completeness_gap) return "not stated by this method";
  std::string text = html_number(short_number(*target.completeness_gap));
  if (target.relative_gap && std::isfinite(*target.relative_gap)) {
    text +=
        fmt::format(" ({} % of the change)", html_number(short_number(*target.relative_gap * 100)));
  }
  return text;
}

std::string optional_number(const std::optional<double>& value) {
  return value ? html_number(short_number(*value)) : "\u2013";
}

void add_target(Facts& facts, const TargetExplanation& target) {
  facts.add("Output", output_phrase(target.target));
  facts.add("Value", optional_number(target.value));
  facts.add("Value on the baseline", optional_number(target.baseline_value));
  facts.add("Completeness gap", gap_text(target));
  const double error = largest_magnitude(target.standard_errors);
  if (error > 0) facts.add("Largest standard error", html_number(short_number(error)));
}

std::string targets_table(const Explanation& explanation) {
  std::string rows;
  for (const TargetExplanation& target : explanation.targets) {
    rows += fmt::format(
        "<tr><td dir=\"auto\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td "
        "class=\"r\">{}</td></tr>\n",
        html_text(target.target.label), optional_number(target.value),
        optional_number(target.baseline_value), optional_number(target.completeness_gap));
  }
  const Output output = explanation.targets.front().target.output;
  return fmt::format(
      "<table><caption class=\"vh\">Value, value on the baseline and gap for every "
      "class</caption><thead><tr>"
      "<th scope=\"col\">Class</th><th scope=\"col\" class=\"r\">{}</th><th scope=\"col\" "
      "class=\"r\">Baseline</th>"
      "<th scope=\"col\" class=\"r\">Gap</th></tr></thead><tbody>\n{}</tbody></table>\n",
      html_text(method_title(name(output))), rows);
}

std::string warnings(const std::vector<std::string>& list) {
  if (list.empty()) return "";
  std::string items;
  for (const std::string& warning : list)
    items += "<li dir=\"auto\">" + html_text(warning) + "</li>\n";
  return "<ul class=\"warnings\" aria-label=\"Warnings\">\n" + items + "</ul>\n";
}

std::vector<std::string> all_warnings(const Explanation& explanation) {
  auto list = explanation.warnings;
  if (!explanation.converged) list.push_back("the method did not converge within its budget");
  if (ShownText(explanation.text).has_crlf() ||
      ShownText(explanation.pair.value_or("")).has_crlf()) {
    list.push_back("line ends CR LF are shown as LF");
  }
  return list;
}

}  // namespace

std::string html_number(std::string text) {
  for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos;) {
    text.replace(at, 1, "\u2212");
    at += 3;
  }
  return text == "\u2212" ? "\u2013" : text;  // "-" alone: no number
}

std::string output_phrase(const Target& target) {
  std::string output(name(target.output));
  std::replace(output.begin(), output.end(), '-', ' ');
  return target.label.empty() ? output : output + " of " + html_isolated(target.label);
}

std::string answer_phrase(const Explanation& explanation) {
  const auto classes = ranked_classes(explanation.prediction);
  if (!classes.empty()) {
    return fmt::format("{} with probability {}", html_isolated(classes.front().label),
                       html_text(probability_text(classes.front().probability)));
  }
  if (const auto* regression = std::get_if<RegressionPrediction>(&explanation.prediction)) {
    return regression->values.empty() ? "nothing"
                                      : html_number(short_number(regression->values.front()));
  }
  if (const auto* answers = std::get_if<AnswerPrediction>(&explanation.prediction)) {
    return answers->candidates.empty() ? "nothing"
                                       : html_isolated(answers->candidates.front().answer);
  }
  return "";
}

std::string answer_section(const Explanation& explanation) {
  if (const auto* answers = std::get_if<AnswerPrediction>(&explanation.prediction))
    return answers_table(*answers);
  if (const auto* tokens = std::get_if<TokensPrediction>(&explanation.prediction))
    return entities_table(*tokens);
  if (const auto* masked = std::get_if<MaskedPrediction>(&explanation.prediction))
    return masks_table(*masked);
  std::vector<Row> rows;
  for (const auto& item : ranked_classes(explanation.prediction)) {
    rows.push_back({item.label, item.probability, rows.empty()});
  }
  return rows.size() < 2 ? ""
                         : section("What else could it be?",
                                   bars_table("Classes by probability", "Class", rows, 8));
}

std::string facts_section(const Explanation& explanation) {
  Facts facts;
  const bool several = explanation.targets.size() > 1;
  if (explanation.targets.size() == 1) add_target(facts, explanation.targets.front());
  add_method(facts, explanation);
  add_run(facts, explanation);
  facts.add("Cost", cost(explanation.forwards, explanation.vjps));
  facts.add("Time", html_text(duration_text(explanation.seconds)));
  return section("How sure is this explanation?", warnings(all_warnings(explanation)) +
                                                      facts.html() +
                                                      (several ? targets_table(explanation) : ""));
}

std::string shared_facts_section(std::span<const Explanation> explanations) {
  Facts facts;
  double largest = 0;
  double seconds = 0;
  std::int64_t forwards = 0;
  std::int64_t vjps = 0;
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < explanations.size(); ++i) {
    for (const auto& target : explanations[i].targets) {
      if (target.completeness_gap) largest = std::max(largest, *target.completeness_gap);
    }
    seconds += explanations[i].seconds;
    forwards += explanations[i].forwards;
    vjps += explanations[i].vjps;
    for (const std::string& warning : all_warnings(explanations[i])) {
      notes.push_back(fmt::format("Text {}: {}", i + 1, warning));
    }
  }
  facts.add("Largest completeness gap", html_number(short_number(largest)));
  add_method(facts, explanations.front());
  add_run(facts, explanations.front());
  facts.add("Cost", cost(forwards, vjps));
  facts.add("Time", html_text(duration_text(seconds)));
  return section("How sure are these explanations?", warnings(notes) + facts.html());
}

std::string index_section(std::span<const Explanation> explanations) {
  const bool labelled = std::any_of(explanations.begin(), explanations.end(),
                                    [](const Explanation& e) { return e.true_label.has_value(); });
  std::string rows;
  for (std::size_t i = 0; i < explanations.size(); ++i) {
    const Explanation& explanation = explanations[i];
    const auto classes = ranked_classes(explanation.prediction);
    std::string label =
        classes.empty() ? answer_phrase(explanation) : html_text(classes.front().label);
    rows += fmt::format(
        "<tr data-case=\"e{0}\"><td>{0}</td><td dir=\"auto\"><a href=\"#e{0}\">{1}</a></td><td "
        "dir=\"auto\">{2}</td>",
        i + 1, html_text(explanation.text.empty() ? "(empty)" : beginning(explanation.text, 72)),
        label);
    if (labelled)
      rows += "<td dir=\"auto\">" + html_text(explanation.true_label.value_or("")) + "</td>";
    rows += classes.empty() ? "<td class=\"r\" data-v=\"-1\">\u2013</td></tr>\n"
                            : fmt::format("<td class=\"r\" data-v=\"{:.6g}\">{}</td></tr>\n",
                                          classes.front().probability,
                                          html_text(probability_text(classes.front().probability)));
  }
  const std::string table = fmt::format(
      "<table class=\"index\"><caption class=\"vh\">All texts</caption><thead><tr>"
      "<th scope=\"col\" data-sort=\"number\">No.</th><th scope=\"col\" "
      "data-sort=\"text\">Text</th>"
      "<th scope=\"col\" data-sort=\"text\">Label</th>{}"
      "<th scope=\"col\" class=\"r\" "
      "data-sort=\"number\">Probability</th></tr></thead><tbody>\n{}</tbody></table>\n",
      labelled ? "<th scope=\"col\" data-sort=\"text\">True label</th>" : "", rows);
  return section("Texts", table);
}

}  // namespace pellucid::report
