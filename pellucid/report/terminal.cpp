// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pellucid/report/characters.h"
#include "pellucid/report/describe.h"
#include "pellucid/report/details.h"
#include "pellucid/report/numbers.h"
#include "pellucid/report/terminal_text.h"

namespace pellucid {
namespace {

using report::Cell;
using report::Paint;

constexpr std::size_t kTableTargets = 8;

Paint unit_paint(const TargetExplanation& target, double largest, const TextUnit& unit,
                 std::size_t index) {
  Paint paint;
  const double score = report::score_at(target.scores, index);
  paint.positive = !target.is_signed || !(score < 0);
  paint.level = report::level(score, largest);
  paint.muted = unit.tokens.empty();
  return paint;
}

void append_lines(std::string& out, const std::vector<std::string>& lines,
                  std::string_view indent = "") {
  for (const std::string& line : lines) {
    if (!line.empty()) out += indent;
    out += line;
    out += '\n';
  }
}

/// "integrated-gradients, 32 steps, gap 0.0003"
std::string method_facts(const Explanation& explanation, const TargetExplanation& target,
                         bool with_gap) {
  std::string facts = report::printable(explanation.method.name);
  for (const auto& parameter : explanation.method.parameters) {
    if (parameter.first == "steps" || parameter.first == "samples") {
      facts += ", " + report::printable(report::parameter_text(parameter));
    }
  }
  if (target.target.output != Output::probability) {
    facts += fmt::format(", {}", name(target.target.output));
    if (with_gap && target.value) facts += fmt::format(" {}", report::short_number(*target.value));
  }
  if (with_gap && target.completeness_gap) {
    facts += fmt::format(", gap {}", report::short_number(*target.completeness_gap));
  }
  if (!explanation.converged) facts += ", not converged";
  return facts;
}

/// "fear 0.725", with the model's own answer when another class is explained.
std::string answer_text(const Explanation& explanation, const Target& target) {
  const auto classes = report::ranked_classes(explanation.prediction);
  const auto probability = report::target_probability(explanation, target);
  std::string text = report::printable(target.label);
  if (probability) text += fmt::format(" {}", report::probability_text(*probability));
  const bool other = !classes.empty() &&
                     (!target.index || classes.front().index != *target.index || target.contrast);
  if (other) {
    text += fmt::format(" (predicted: {} {})", report::printable(classes.front().label),
                        report::probability_text(classes.front().probability));
  }
  return text;
}

std::string headline(const std::string& answer, const std::string& facts,
                     const TerminalStyle& style) {
  const bool colours = style.colours != TerminalStyle::Colours::none;
  const auto bold = [&](const std::string& text) {
    return colours ? "\x1b[1m" + text + "\x1b[0m" : text;
  };
  const Paint muted{true, 0, true};
  if (report::columns(answer) + 3 + report::columns(facts) <= style.width) {
    return bold(answer) + "   " + report::painted(style, muted, facts) + "\n";
  }
  std::string out;
  for (const std::string& line : report::wrap(report::plain_cells(answer), style.width, style)) {
    out += bold(line) + "\n";
  }
  append_lines(out, report::wrap(report::plain_cells(facts, muted), style.width - 2, style), "  ");
  return out;
}

/// The text (and its pair) in the colours of one target.
std::string coloured_texts(const Explanation& explanation, const TargetExplanation& target,
                           const TerminalStyle& style) {
  const double largest = report::largest_magnitude(target.scores);
  const auto paint = [&](std::size_t unit) {
    return unit_paint(target, largest, explanation.units.units[unit], unit);
  };
  std::string out;
  append_lines(
      out, report::wrap(report::text_cells(explanation.text, explanation.units, 0, style, paint),
                        style.width, style));
  if (explanation.pair) {
    out += '\n';
    append_lines(
        out, report::wrap(report::text_cells(*explanation.pair, explanation.units, 1, style, paint),
                          style.width, style));
  }
  return out;
}

/// " \u00b1 0.004" where the method states an error.
std::string error_text(const TargetExplanation& target, report::ScoreFormat format,
                       std::size_t unit) {
  const double error = report::score_at(target.standard_errors, unit);
  format.with_sign = false;
  return std::isfinite(error) ? fmt::format(" \u00b1 {}", format(error)) : "";
}

std::string strongest_table(const Explanation& explanation, const TargetExplanation& target,
                            const TerminalStyle& style) {
  auto order = report::strongest(target.scores);
  order.resize(std::min(order.size(), explanation.units.units.size()));
  const std::size_t all = order.size();
  if (style.top > 0 && order.size() > static_cast<std::size_t>(style.top)) {
    order.resize(static_cast<std::size_t>(style.top));
  }
  const double largest = report::largest_magnitude(target.scores);
  const auto format = report::ScoreFormat::of(largest, target.is_signed);
  int word_width = 1;
  int score_width = 1;
  std::vector<std::string> scores;
  bool negative = false;
  bool positive = false;
  std::vector<std::string> words;
  for (const std::size_t i : order) {
    words.push_back(report::printable(report::beginning(explanation.units.units[i].text, 60)));
    word_width = std::max(word_width, report::columns(words.back()));
    scores.push_back(format(target.scores[i]) + error_text(target, format, i));
    score_width = std::max(score_width, report::columns(scores.back()));
    (target.scores[i] < 0 ? negative : positive) = true;
  }
  word_width = std::min({word_width, 28, std::max(6, style.width * 2 / 5)});
  const int bar_width = std::clamp(style.width - word_width - score_width - 5, 5, 41);
  std::string out;
  for (std::size_t row = 0; row < order.size(); ++row) {
    const double score = target.scores[order[row]];
    const int blanks = score_width - report::columns(scores[row]);
    out += fmt::format(" {}  {:{}}{}  {}\n", report::fitted(words[row], word_width), "", blanks,
                       scores[row],
                       report::bar(largest > 0 ? score / largest : 0, bar_width,
                                   target.is_signed && negative && positive, style));
  }
  if (all > order.size()) out += fmt::format(" ... {} more (--top all)\n", all - order.size());
  return out;
}

/// Up to five words of one sign with their scores, as cells: "afraid +0.81  am +0.12".
std::vector<Cell> word_list(const Explanation& explanation, const TargetExplanation& target,
                            bool positive, const TerminalStyle& style) {
  constexpr int kWords = 5;
  const double largest = report::largest_magnitude(target.scores);
  const auto format = report::ScoreFormat::of(largest, target.is_signed);
  const bool marks = style.colours == TerminalStyle::Colours::none;
  std::vector<Cell> cells;
  int count = 0;
  for (const std::size_t i : report::strongest(target.scores)) {
    if (i >= explanation.units.units.size() || (target.scores[i] < 0) == positive ||
        target.scores[i] == 0)
      continue;
    if (++count > kWords) break;
    const TextUnit& unit = explanation.units.units[i];
    Cell word;
    word.bytes = report::printable(report::beginning(unit.text, 24));
    if (report::has_right_to_left(word.bytes)) word.bytes += report::kLeftToRightMark;
    word.width = report::columns(word.bytes);
    word.paint = unit_paint(target, largest, unit, i);
    word.may_break = true;
    if (marks) word.paint = {};
    Cell score;
    score.bytes = fmt::format(" {}", format(target.scores[i]));
    score.width = static_cast<int>(score.bytes.size());
    Cell gap;
    gap.bytes = "  ";
    gap.width = 2;
    gap.blank = true;
    if (count > 1) cells.push_back(gap);
    cells.push_back(word);
    cells.push_back(score);
  }
  return cells;
}

int visible_columns(const std::string& line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
    } else {
      plain += line[i];
    }
  }
  return report::columns(plain);
}

struct TargetRow {
  std::string label, probability, gap;
  const TargetExplanation* target = nullptr;
};

std::vector<TargetRow> target_rows(const Explanation& explanation) {
  std::vector<TargetRow> rows;
  for (const std::size_t i : report::drawn_targets(explanation, kTableTargets)) {
    const TargetExplanation& target = explanation.targets[i];
    TargetRow row;
    row.label = report::printable(target.target.label);
    const auto probability = report::target_probability(explanation, target.target);
    row.probability = probability    ? report::probability_text(*probability)
                      : target.value ? report::short_number(*target.value)
                                     : "-";
    row.gap = target.completeness_gap ? report::short_number(*target.completeness_gap) : "-";
    row.target = &target;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Narrow terminals: one block for each target.
std::string stacked_targets(const Explanation& explanation, const std::vector<TargetRow>& rows,
                            const TerminalStyle& style) {
  std::string out;
  for (const TargetRow& row : rows) {
    out += fmt::format("{} {}   gap {}\n", row.label, row.probability, row.gap);
    for (const bool positive : {true, false}) {
      if (!positive && !row.target->is_signed) continue;
      const auto lines = report::wrap(word_list(explanation, *row.target, positive, style),
                                      style.width - 11, style);
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].empty()) continue;
        out += fmt::format("  {:<9}{}\n", i > 0 ? "" : positive ? "for" : "against", lines[i]);
      }
    }
  }
  return out;
}

std::string targets_table(const Explanation& explanation, const TerminalStyle& style) {
  const auto rows = target_rows(explanation);
  std::string out;
  if (style.width < 60) {
    out = stacked_targets(explanation, rows, style);
  } else {
    int label_width = 5;
    int gap_width = 3;
    for (const TargetRow& row : rows) {
      label_width = std::max(label_width, report::columns(row.label));
      gap_width = std::max(gap_width, static_cast<int>(row.gap.size()));
    }
    label_width = std::min(label_width, 20);
    const int cell_width = (std::min(style.width, 140) - label_width - 8 - gap_width - 8) / 2;
    out += report::painted(
        style, {true, 0, true},
        fmt::format("{}  {:<6}  {}  {}  {:>{}}", report::fitted("class", label_width), "prob.",
                    report::fitted("for", cell_width), report::fitted("against", cell_width), "gap",
                    gap_width));
    out += '\n';
    for (const TargetRow& row : rows) {
      const auto for_it =
          report::wrap(word_list(explanation, *row.target, true, style), cell_width, style);
      const auto against =
          report::wrap(word_list(explanation, *row.target, false, style), cell_width, style);
      const auto cell = [&](const std::vector<std::string>& lines, std::size_t i) {
        const std::string line = i < lines.size() ? lines[i] : "";
        const int missing = std::max(0, cell_width - visible_columns(line));
        return line + std::string(static_cast<std::size_t>(missing), ' ');
      };
      for (std::size_t i = 0; i < std::max(for_it.size(), against.size()); ++i) {
        std::string line = fmt::format("{}  {:<6}  {}  {}  {:>{}}",
                                       report::fitted(i == 0 ? row.label : "", label_width),
                                       i == 0 ? row.probability : "", cell(for_it, i),
                                       cell(against, i), i == 0 ? row.gap : "", gap_width);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
      }
    }
  }
  if (rows.size() < explanation.targets.size()) {
    out += fmt::format("{} more: --format json\n", explanation.targets.size() - rows.size());
  }
  return out;
}

}  // namespace

std::string to_terminal(const Explanation& explanation, const TerminalStyle& style) {
  if (explanation.targets.empty()) {
    std::string out;
    append_lines(out, report::wrap(report::plain_cells(explanation.text), style.width, style));
    return out;
  }
  const TargetExplanation& main = explanation.targets[report::main_target(explanation)];
  const bool several = explanation.targets.size() > 1;
  std::string out = headline(answer_text(explanation, main.target),
                             method_facts(explanation, main, !several), style);
  out += '\n';
  out += coloured_texts(explanation, main, style);
  out += '\n';
  out += several ? targets_table(explanation, style) : strongest_table(explanation, main, style);
  for (const std::string& sentence : report::details(explanation, main)) {
    out += '\n';
    append_lines(
        out, report::wrap(report::plain_cells(report::printable(sentence)), style.width, style));
  }
  return out;
}

}  // namespace pellucid
