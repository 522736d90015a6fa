// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "pellucid/report/characters.h"
#include "pellucid/report/describe.h"
#include "pellucid/report/numbers.h"
#include "pellucid/report/terminal.h"
#include "pellucid/report/terminal_text.h"

namespace pellucid {
namespace {

using report::LabelledProbability;

std::size_t shown(std::size_t count, const TerminalStyle& style) {
  return style.top > 0 ? std::min(count, static_cast<std::size_t>(style.top)) : count;
}

/// Label, probability and bar, one line each.
std::string bars(const std::vector<LabelledProbability>& items, const TerminalStyle& style) {
  const std::size_t rows = shown(items.size(), style);
  int label_width = 1;
  for (std::size_t i = 0; i < rows; ++i) {
    label_width = std::max(label_width, report::columns(report::printable(items[i].label)));
  }
  label_width = std::min({label_width, 28, std::max(6, style.width * 2 / 5)});
  const int bar_width = std::clamp(style.width - label_width - 11, 5, 41);
  std::string out;
  for (std::size_t i = 0; i < rows; ++i) {
    out += fmt::format(" {}  {:>6}  {}\n", report::fitted(items[i].label, label_width),
                       report::probability_text(items[i].probability),
                       report::bar(items[i].probability, bar_width, false, style));
  }
  if (rows < items.size()) out += fmt::format(" ... {} more (--top all)\n", items.size() - rows);
  return out;
}

std::string heading(const std::string& text, const TerminalStyle& style) {
  const std::string safe = report::printable(text);
  return style.colours == TerminalStyle::Colours::none ? safe + "\n"
                                                       : "\x1b[1m" + safe + "\x1b[0m\n";
}

std::string draw(const ClassPrediction& classes, const TerminalStyle& style) {
  const auto ranked = report::ranked_classes(classes);
  if (ranked.empty()) return "no prediction\n";
  return heading(ranked.front().label + " " + report::probability_text(ranked.front().probability),
                 style) +
         bars(ranked, style);
}

std::string draw(const MultiLabelPrediction& labels, const TerminalStyle& style) {
  std::string predicted;
  for (const std::int64_t index : labels.predicted) {
    if (!predicted.empty()) predicted += ", ";
    predicted += labels.labels.at(static_cast<std::size_t>(index));
  }
  return heading(predicted.empty() ? "no label over 0.5" : predicted, style) +
         bars(report::ranked_classes(labels), style);
}

std::string draw(const RegressionPrediction& regression, const TerminalStyle&) {
  std::string out;
  for (std::size_t i = 0; i < regression.values.size(); ++i) {
    const std::string label =
        i < regression.labels.size() ? regression.labels[i] : fmt::format("value {}", i);
    out += fmt::format("{} {}\n", report::printable(label),
                       report::short_number(regression.values[i]));
  }
  return out;
}

std::string draw(const TokensPrediction& tokens, const TerminalStyle& style) {
  int label_width = 1;
  int text_width = 1;
  struct Row {
    std::string label, text;
    double score;
  };
  std::vector<Row> rows;
  for (const Entity& entity : tokens.entities)
    rows.push_back({entity.label, entity.text, entity.score});
  if (tokens.entities.empty()) {
    for (const TokenPrediction& token : tokens.tokens) {
      if (token.span) rows.push_back({token.label, token.token, token.score});
    }
  }
  if (rows.empty()) return "no tokens\n";
  for (Row& row : rows) {
    row.label = report::printable(row.label);
    row.text = report::printable(report::beginning(row.text, 60));
    label_width = std::max(label_width, report::columns(row.label));
    text_width = std::max(text_width, report::columns(row.text));
  }
  label_width = std::min(label_width, 20);
  text_width = std::min(text_width, std::max(6, style.width - label_width - 10));
  std::string out;
  for (const Row& row : rows) {
    out += fmt::format("{}  {}  {}\n", report::fitted(row.label, label_width),
                       report::fitted(row.text, text_width), report::probability_text(row.score));
  }
  return out;
}

std::string draw(const AnswerPrediction& answers, const TerminalStyle& style) {
  if (answers.candidates.empty()) return "no answer\n";
  std::vector<LabelledProbability> items;
  for (const Answer& answer : answers.candidates) {
    items.push_back({report::beginning(answer.answer, 60), answer.score});
  }
  if (answers.no_answer_score) items.push_back({"(no answer)", *answers.no_answer_score});
  std::string out = heading(fmt::format("{} {}", items.front().label,
                                        report::probability_text(items.front().probability)),
                            style);
  if (items.size() > 1) out += bars(items, style);
  return out;
}

std::string draw(const MaskedPrediction& masked, const TerminalStyle& style) {
  std::string out;
  for (std::size_t i = 0; i < masked.masks.size(); ++i) {
    std::vector<LabelledProbability> items;
    for (const MaskCandidate& candidate : masked.masks[i]) {
      items.push_back({candidate.token, candidate.probability, candidate.id});
    }
    if (masked.masks.size() > 1) out += heading(fmt::format("mask {}", i + 1), style);
    out += bars(items, style);
  }
  return out.empty() ? "no mask in the text\n" : out;
}

}  // namespace

std::string to_terminal(const Prediction& prediction, const TerminalStyle& style) {
  return std::visit([&](const auto& answer) { return draw(answer, style); }, prediction);
}

}  // namespace pellucid
