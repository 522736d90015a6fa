// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <cmath>

#include "pellucid/report/colour.h"
#include "pellucid/report/describe.h"
#include "pellucid/report/details.h"
#include "pellucid/report/html_parts.h"
#include "pellucid/report/html_text.h"
#include "pellucid/report/json_writer.h"
#include "pellucid/report/numbers.h"

namespace pellucid::report {
namespace {

/// Class names of a unit: u, its level, underline, unseen.
std::string unit_classes(const TargetExplanation& target, double largest, const TextUnit& unit,
                         std::size_t index) {
  const double score = score_at(target.scores, index);
  const int step = level(score, largest);
  std::string classes = "u";
  if (step > 0) {
    const bool against = target.is_signed && score < 0;
    classes += fmt::format(" {}{}", against ? 'n' : 'p', step);
    if (std::abs(score) >= kUnderlineShare * largest) classes += against ? " sn" : " sp";
  }
  if (unit.tokens.empty()) classes += " unseen";
  return classes;
}

std::string unit_span(const TargetExplanation& target, double largest, const ScoreFormat& format,
                      const TextUnit& unit, std::size_t index, const std::string& html) {
  const double score = score_at(target.scores, index);
  const std::string title =
      unit.tokens.empty() || !std::isfinite(score) ? "not seen" : html_number(format(score));
  return fmt::format(R"(<span class="{}" data-i="{}" title="{}">{}</span>)",
                     unit_classes(target, largest, unit, index), index, title, html);
}

/// Units without characters (template tokens), shown under the text.
std::string special_units(const Explanation& explanation, const TargetExplanation& target) {
  const double largest = largest_magnitude(target.scores);
  const auto format = ScoreFormat::of(largest, target.is_signed);
  std::string out;
  for (std::size_t i = 0; i < explanation.units.units.size(); ++i) {
    const TextUnit& unit = explanation.units.units[i];
    if (!unit.span)
      out += unit_span(target, largest, format, unit, i, html_isolated(unit.text)) + " ";
  }
  return out.empty() ? out : "<p class=\"special\">Special tokens: " + out + "</p>\n";
}

std::string texts(const Explanation& explanation, const TargetExplanation& target) {
  if (!explanation.pair)
    return coloured_text(explanation, target, 0) + special_units(explanation, target);
  const bool answers = explanation.task == Task::question_answering;
  return fmt::format(
      "<div class=\"pair\">\n<div><h3>{}</h3>{}</div>\n<div><h3>{}</h3>{}</div>\n</div>\n{}",
      answers ? "Question" : "First text", coloured_text(explanation, target, 0),
      answers ? "Context" : "Second text", coloured_text(explanation, target, 1),
      special_units(explanation, target));
}

/// The words over the two halves of the bars.
std::string axis_head(bool is_signed, bool both, bool negative) {
  if (both) return "<div class=\"axis\"><span>against</span><span>for</span></div>";
  return fmt::format("<div class=\"axis one\"><span>{}</span></div>", !is_signed ? "weak to strong"
                                                                      : negative ? "against"
                                                                                 : "for");
}

std::string words_table(const Explanation& explanation, const TargetExplanation& target,
                        const HtmlOptions& options) {
  auto order = strongest(target.scores);
  order.erase(std::remove_if(order.begin(), order.end(),
                             [&](std::size_t i) { return i >= explanation.units.units.size(); }),
              order.end());
  if (order.size() > static_cast<std::size_t>(options.top))
    order.resize(static_cast<std::size_t>(options.top));
  const double largest = largest_magnitude(target.scores);
  const auto format = ScoreFormat::of(largest, target.is_signed);
  const auto has = [&](auto test) {
    return std::any_of(order.begin(), order.end(),
                       [&](std::size_t i) { return test(target.scores[i]); });
  };
  const bool both = target.is_signed && has([](double s) { return s < 0; }) &&
                    has([](double s) { return s > 0; });
  std::string rows;
  for (const std::size_t i : order) {
    const TextUnit& unit = explanation.units.units[i];
    const double score = target.scores[i];
    const double share = largest > 0 ? score / largest : 0;
    rows += fmt::format("<tr data-i=\"{}\"><td>{}</td><td>{}</td><td class=\"r\">{}</td></tr>\n", i,
                        html_isolated(beginning(unit.text, 80)), svg_bar(share, both),
                        html_number(format(score)));
  }
  const std::string units = plural(explanation.units.kind);
  return fmt::format(
      "<table class=\"words bars\"{}><caption class=\"vh\">Strongest {} for {}</caption>"
      "<thead><tr><th scope=\"col\">Strongest {}</th><th scope=\"col\">{}</th>"
      "<th scope=\"col\" class=\"r\">Score</th></tr></thead><tbody>\n{}</tbody></table>\n",
      direction(explanation.text), units, html_isolated(target.target.label), units,
      axis_head(target.is_signed, both, has([](double s) { return s < 0; })), rows);
}

std::string detail_notes(const Explanation& explanation, const TargetExplanation& target) {
  std::string notes;
  for (const std::string& sentence : details(explanation, target)) {
    notes += fmt::format("<p class=\"note\">{}</p>\n", html_text(sentence));
  }
  return notes;
}

/// "The scores sum to +0.585: probability of fear 0.725 on the text, 0.140 on the baseline; gap
/// 0.0003."
std::string sum_note(const TargetExplanation& target) {
  if (!target.sum || !target.value || !target.baseline_value) return "";
  const std::string gap =
      target.completeness_gap
          ? fmt::format("; gap {}", html_number(short_number(*target.completeness_gap)))
          : "";
  return fmt::format(
      "<p class=\"note\">The scores sum to {}: {} is {} on the text and {} on the "
      "baseline{}.</p>\n",
      html_number(ScoreFormat::of(std::abs(*target.sum), true)(*target.sum)),
      output_phrase(target.target), html_number(short_number(*target.value)),
      html_number(short_number(*target.baseline_value)), gap);
}

std::string panel(const Explanation& explanation, std::size_t index, std::size_t number,
                  const HtmlOptions& options) {
  const TargetExplanation& target = explanation.targets[index];
  return fmt::format(
      "<div class=\"panel q{}\" role=\"group\" aria-label=\"Explanation for "
      "{}\">\n<h3{}>{}</h3>\n{}{}{}{}</div>\n",
      number, html_attribute(target.target.label),
      explanation.targets.size() > 1 ? "" : " class=\"vh\"", html_isolated(target.target.label),
      texts(explanation, target), words_table(explanation, target, options),
      detail_notes(explanation, target), sum_note(target));
}

std::string tabs(const Explanation& explanation, const std::vector<std::size_t>& targets,
                 std::size_t place) {
  const std::size_t main = main_target(explanation);
  const std::size_t checked =
      std::count(targets.begin(), targets.end(), main) > 0 ? main : targets.front();
  std::string out = "<fieldset class=\"tabs\"><legend class=\"vh\">Class to explain</legend>\n";
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const TargetExplanation& target = explanation.targets[targets[i]];
    const auto probability = target_probability(explanation, target.target);
    const std::string number = probability    ? probability_text(*probability)
                               : target.value ? html_number(short_number(*target.value))
                                              : "";
    out += fmt::format(
        "<label><input type=\"radio\" name=\"e{0}\" id=\"e{0}t{1}\" class=\"r{1}\"{2}>{3} "
        "<small>{4}</small></label>\n",
        place, i, targets[i] == checked ? " checked" : "", html_isolated(target.target.label),
        html_text(number));
  }
  return out + "</fieldset>\n";
}

std::string legend(const Explanation& explanation, std::size_t place) {
  const bool is_signed = explanation.targets.front().is_signed;
  return fmt::format(
      "<p class=\"legend\"><span>{0}</span><svg viewBox=\"0 0 160 10\" role=\"img\" "
      "aria-label=\"{4}\">"
      "<defs><linearGradient id=\"ramp{1}\">{2}</linearGradient></defs>"
      "<rect width=\"160\" height=\"10\" rx=\"5\" "
      "fill=\"url(#ramp{1})\"/></svg><span>{3}</span></p>\n",
      is_signed ? "against" : "weak", place,
      is_signed ? "<stop offset=\"0\" class=\"sneg\"/><stop offset=\".5\" class=\"ssur\"/><stop "
                  "offset=\"1\" class=\"spos\"/>"
                : "<stop offset=\"0\" class=\"ssur\"/><stop offset=\"1\" class=\"spos\"/>",
      is_signed ? "for</span><span>strong ones are underlined: solid for, dotted against"
                : "strong</span><span>strong ones are underlined",
      is_signed ? "Colours from blue, against, to orange, for"
                : "Colours from white, weak, to orange, strong");
}

}  // namespace

std::string direction(std::string_view text) {
  for (const Character& c : characters(text)) {
    const auto kind = u_charDirection(static_cast<UChar32>(c.value));
    if (kind == U_LEFT_TO_RIGHT) return "";
    if (kind == U_RIGHT_TO_LEFT || kind == U_RIGHT_TO_LEFT_ARABIC) return " dir=\"rtl\"";
  }
  return "";
}

std::string coloured_text(const Explanation& explanation, const TargetExplanation& target,
                          int segment) {
  const ShownText shown(segment == 0 ? explanation.text : explanation.pair.value_or(""));
  const double largest = largest_magnitude(target.scores);
  const auto format = ScoreFormat::of(largest, target.is_signed);
  std::string out = fmt::format("<p class=\"text\" dir=\"auto\" data-segment=\"{}\">", segment);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < explanation.units.units.size(); ++i) {
    const TextUnit& unit = explanation.units.units[i];
    if (!unit.span || unit.segment != segment) continue;
    const std::int64_t begin = std::max(at, shown.edge(unit.span->start));
    const std::int64_t end = std::max(begin, shown.edge(unit.span->end));
    out += shown.html(at, begin);
    out += unit_span(target, largest, format, unit, i, shown.html(begin, end));
    at = end;
  }
  return out + shown.html(at, shown.size()) + "</p>\n";
}

std::string svg_bar(double share, bool centred) {
  const double length =
      std::min(1.0, std::isfinite(share) ? std::abs(share) : 0.0) * (centred ? 50 : 100);
  const int axis = centred ? 50 : 0;
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      "<line class=\"ax\" vector-effect=\"non-scaling-stroke\" x1=\"{0}\" x2=\"{0}\" y1=\"0\" "
      "y2=\"10\"/>"
      "<rect class=\"{1}\" x=\"{2:.4g}\" y=\"1.5\" width=\"{3:.4g}\" height=\"7\"/></svg>",
      axis, share < 0 ? "bn" : "bp", share < 0 && centred ? axis - length : axis, length);
}

std::string case_section(const Explanation& explanation, std::size_t place,
                         const std::string& heading, const HtmlOptions& options) {
  const std::string title =
      heading.empty() ? "<h2 class=\"vh\">Text</h2>\n" : "<h2>" + heading + "</h2>\n";
  if (explanation.targets.empty()) {
    return fmt::format(
        "<section id=\"e{}\">\n{}<p class=\"text\" dir=\"auto\">{}</p>\n</section>\n", place, title,
        html_text(explanation.text));
  }
  const auto targets = drawn_targets(explanation, kPanels);
  const bool several = targets.size() > 1;
  std::string out = fmt::format("<section class=\"case {}\" id=\"e{}\">\n{}",
                                several ? "several" : "only", place, title);
  if (several) out += tabs(explanation, targets, place);
  for (std::size_t i = 0; i < targets.size(); ++i)
    out += panel(explanation, targets[i], i, options);
  out += legend(explanation, place);
  out += "<script type=\"application/json\">" + case_data(explanation, targets, options) +
         "</script>\n";
  return out + "</section>\n";
}

std::string case_data(const Explanation& explanation, const std::vector<std::size_t>& targets,
                      const HtmlOptions& options) {
  const ShownText texts[2] = {ShownText(explanation.text),
                              ShownText(explanation.pair.value_or(""))};
  JsonWriter out(true);
  const auto cell = [&](const std::optional<Span>& span, std::int32_t segment) {
    const ShownText& text = texts[segment == 1 ? 1 : 0];
    out.open('[');
    if (span) {
      out.integer(text.utf16(text.edge(span->start))).integer(text.utf16(text.edge(span->end)));
    } else {
      out.null().null();
    }
    out.integer(segment).close(']');
  };
  const auto numbers = [&](const char* name, const std::vector<double>& values) {
    out.key(name).open('[');
    for (const double value : values) out.rounded(value);
    out.close(']');
  };
  const bool additive =
      explanation.units.kind != Unit::token && explanation.units.kind != Unit::all_tokens &&
      std::all_of(targets.begin(), targets.end(),
                  [&](std::size_t i) { return is_additive(explanation, explanation.targets[i]); });
  out.open('{').key("unit").text(name(explanation.units.kind)).key("top").integer(options.top);
  out.key("units").open('[');
  for (const TextUnit& unit : explanation.units.units) cell(unit.span, unit.segment);
  out.close(']');
  if (std::any_of(explanation.units.units.begin(), explanation.units.units.end(),
                  [](const TextUnit& unit) { return !unit.span; })) {
    out.key("names").open('[');
    for (const TextUnit& unit : explanation.units.units) out.text(unit.text);
    out.close(']');
  }
  if (additive) {
    out.key("tokens").open('[');
    for (const Token& token : explanation.tokens) {
      cell(token.special ? std::nullopt : std::optional(token.span), token.segment);
    }
    out.close(']');
  }
  out.key("targets").open('[');
  for (const std::size_t i : targets) {
    const TargetExplanation& target = explanation.targets[i];
    out.open('{').key("signed").boolean(target.is_signed);
    numbers("scores", target.scores);
    if (!target.standard_errors.empty()) numbers("errors", target.standard_errors);
    if (additive) numbers("tokens", target.token_scores);
    out.close('}');
  }
  out.close(']').close('}');
  return out.take();
}

}  // namespace pellucid::report
