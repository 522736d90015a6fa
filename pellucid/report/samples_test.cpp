// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/samples_test.h"

#include <algorithm>
#include <cmath>

#include "pellucid/report/characters.h"

namespace pellucid::report::samples {
namespace {

const std::vector<std::string> kEmotions{"sadness", "joy", "love", "anger", "fear", "surprise"};

ClassPrediction classes(std::vector<std::string> labels, std::vector<float> logits,
                        std::vector<double> probabilities) {
  ClassPrediction prediction;
  prediction.index =
      std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
  prediction.labels = std::move(labels);
  prediction.logits = std::move(logits);
  prediction.probabilities = std::move(probabilities);
  return prediction;
}

/// Words: runs of letters, single other characters; blanks stand between them. Ideographs are words
/// of one character.
void add_words(Explanation& explanation, const std::string& text, std::int32_t segment) {
  const auto all = characters(text);
  const auto graphemes = grapheme_starts(text, all);
  const auto is_blank = [](char32_t c) {
    return c <= ' ' || c == 0x85 || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  };
  const auto is_mark = [](char32_t c) {
    return (c < 0x80 && !std::isalnum(static_cast<int>(c)) && c != '\'') ||
           (c >= 0x2e80 && c < 0xff00) || c > 0x1f000;
  };
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i + 1;
    if (is_blank(all[i].value)) {
      ++i;
      continue;
    }
    const bool single = is_mark(all[i].value);
    while (end < all.size() &&
           (!graphemes[end] || (!single && !is_blank(all[end].value) && !is_mark(all[end].value))))
      ++end;
    TextUnit unit;
    unit.span = Span{static_cast<std::int64_t>(i), static_cast<std::int64_t>(end)};
    const std::size_t bytes = end < all.size() ? all[end].byte : text.size();
    unit.text = text.substr(all[i].byte, bytes - all[i].byte);
    unit.segment = segment;
    unit.tokens = {static_cast<std::int64_t>(explanation.tokens.size())};
    Token token;
    token.id = static_cast<std::int32_t>(1000 + explanation.tokens.size());
    token.text = unit.text;
    token.span = *unit.span;
    token.segment = segment;
    explanation.tokens.push_back(token);
    explanation.units.units.push_back(unit);
    i = end;
  }
}

void add_special(Explanation& explanation, const std::string& text, std::int32_t id,
                 std::int32_t segment) {
  Token token;
  token.id = id;
  token.text = text;
  token.special = true;
  token.segment = segment;
  explanation.tokens.push_back(token);
}

Explanation start(const std::string& text,
                  const std::optional<std::string>& second = std::nullopt) {
  Explanation explanation;
  explanation.model = "demo-emotion";
  explanation.text = text;
  explanation.pair = second;
  add_special(explanation, "[CLS]", 2, 0);
  add_words(explanation, text, 0);
  add_special(explanation, "[SEP]", 3, 0);
  if (second) {
    add_words(explanation, *second, 1);
    add_special(explanation, "[SEP]", 3, 1);
  }
  explanation.method = {"integrated-gradients",
                        std::nullopt,
                        {{"steps", std::int64_t{32}},
                         {"rule", std::string("gauss-legendre")},
                         {"baseline", std::string("pad")},
                         {"reduce", std::string("dot")},
                         {"aggregate", std::string("sum")},
                         {"normalize", std::string("none")}}};
  explanation.evaluations = explanation.forwards = 34;
  explanation.vjps = 32;
  explanation.seconds = 0.0123;
  explanation.version = "0.1.0";
  return explanation;
}

/// Completes a target: token scores, sum and gap as integrated gradients would state them.
void add_target(Explanation& explanation, const std::string& label, std::int64_t index,
                double value, std::vector<double> scores) {
  TargetExplanation target;
  target.target.label = label;
  target.target.index = index;
  target.value = value;
  target.scores = std::move(scores);
  target.token_scores.assign(explanation.tokens.size(), 0.0);
  double sum = 0;
  for (std::size_t i = 0; i < target.scores.size(); ++i) {
    const auto& positions = explanation.units.units[i].tokens;
    for (const std::int64_t position : positions) {
      target.token_scores[static_cast<std::size_t>(position)] =
          target.scores[i] / static_cast<double>(positions.size());
    }
    if (std::isfinite(target.scores[i])) sum += target.scores[i];
  }
  target.unassigned = 0.0;
  target.sum = sum;
  target.baseline_value = value - sum + 0.0003;
  target.completeness_gap = 0.0003;
  target.relative_gap = 0.0003 / std::abs(sum - 0.0003);
  explanation.targets.push_back(std::move(target));
}

const std::string kAfraid = "I love this, but I am afraid.";
const ClassPrediction& afraid_prediction() {
  static const ClassPrediction prediction = classes(
      kEmotions, {-2.26607847f, -1.30345631f, 3.64811373f, -1.78306949f, 4.6386404f, -1.65585458f},
      {0.000727641222, 0.00190536759, 0.269412845, 0.00117946579, 0.725435138, 0.00133947341});
  return prediction;
}

}  // namespace

Explanation afraid() {
  Explanation explanation = start(kAfraid);
  explanation.prediction = afraid_prediction();
  add_target(explanation, "fear", 4, 0.725435138,
             {-0.0372, -0.3118, 0.0214, 0.0089, 0.0417, -0.0121, 0.0633, 0.8297, -0.0163});
  return explanation;
}

Explanation afraid_all_classes() {
  Explanation explanation = start(kAfraid);
  explanation.prediction = afraid_prediction();
  const std::vector<std::vector<double>> scores{
      {0.0021, -0.0412, -0.0034, 0.0009, -0.0051, 0.0043, 0.0072, -0.0618, -0.0022},
      {0.0114, 0.0163, 0.0042, -0.0027, -0.0193, 0.0021, -0.0088, -0.3027, 0.0102},
      {0.0298, 0.4512, 0.0081, -0.0114, -0.0377, 0.0153, -0.0418, -0.1749, 0.0091},
      {-0.0009, -0.0317, -0.0028, 0.0012, 0.0044, 0.0006, 0.0017, -0.0561, -0.0013},
      {-0.0372, -0.3118, 0.0214, 0.0089, 0.0417, -0.0121, 0.0633, 0.8297, -0.0163},
      {-0.0052, -0.0828, -0.0275, 0.0031, 0.0160, -0.0102, -0.0216, -0.2342, 0.0005}};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    add_target(explanation, kEmotions[i], static_cast<std::int64_t>(i),
               afraid_prediction().probabilities[i], scores[i]);
  }
  return explanation;
}

Explanation review(bool is_signed) {
  Explanation explanation = start(
      "There were many aspects of the film I liked,\nbut it was frightening and gross in parts. My "
      "parents hated it.");
  explanation.prediction = classes(kEmotions, {-0.91f, -0.48f, -1.02f, 0.61f, 4.9f, -1.4f},
                                   {0.00286, 0.00440, 0.00256, 0.01309, 0.97533, 0.00176});
  add_target(
      explanation, "fear", 4, 0.97533,
      {-0.020, 0.008, 0.028, 0.013,  0.009,  0.006,  0.099, 0.018, 0.021,  -0.004, -0.020, 0.049,
       0.038,  0.953, 0.025, -0.106, -0.019, -0.017, 0.015, 0.017, -0.063, -0.236, -0.056, 0.002});
  if (!is_signed) {
    auto& target = explanation.targets.front();
    target.is_signed = false;
    for (double& score : target.scores) score = std::abs(score);
    for (double& score : target.token_scores) score = std::abs(score);
    target.sum = target.completeness_gap = target.relative_gap = target.baseline_value =
        std::nullopt;
    explanation.method = {"saliency", std::nullopt, {{"reduce", std::string("l2")}}};
  }
  return explanation;
}

Explanation pair() {
  Explanation explanation =
      start("A man inspects the uniform of a figure in some East Asian country.",
            "The man is sleeping, and nobody else is there.");
  explanation.model = "minilm-nli";
  explanation.task = Task::pair_classification;
  explanation.prediction = classes({"entailment", "neutral", "contradiction"}, {-2.1f, -0.4f, 4.2f},
                                   {0.00181, 0.00991, 0.98828});
  std::vector<double> scores(explanation.units.units.size());
  const double pattern[] = {0.011, 0.034, 0.213, -0.008, 0.042, -0.013, 0.006, 0.019, -0.021};
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = pattern[i % std::size(pattern)];
  scores[scores.size() - 8] = 0.551;
  scores[scores.size() - 5] = -0.148;
  add_target(explanation, "contradiction", 2, 0.98828, scores);
  for (double& score : scores) score = -0.6 * score;
  add_target(explanation, "neutral", 1, 0.00991, scores);
  return explanation;
}

Explanation of_text(const std::string& text, const std::vector<double>& scores) {
  Explanation explanation = start(text);
  explanation.prediction = afraid_prediction();
  std::vector<double> all(explanation.units.units.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = scores[i % scores.size()];
  add_target(explanation, "fear", 4, 0.725435138, all);
  return explanation;
}

Explanation chinese() {
  return of_text("这部电影让我感到非常害怕,但是我还是很喜欢它的音乐。",
                 {0.02, 0.1, -0.05, 0.3, 0.71, 0.66, -0.2});
}

Explanation arabic() {
  return of_text("أحب هذا الفيلم، لكنني خائف جدا من النهاية.",
                 {-0.21, 0.02, 0.11, 0.05, 0.83, 0.31, 0.01, 0.2, 0.02});
}

Explanation hostile() {
  const std::string attack =
      "</script><script>alert(1)</script><!-- ]]> \"><img src=x onerror=alert(2)> '&amp; {{}}";
  Explanation explanation = of_text(attack +
                                        " \x1b[31mred\x07 \xe2\x80\xae"
                                        "evil\xe2\x81\xa6 tab\there\r\nline" +
                                        std::string(1, '\0') +
                                        "end \xc2\x9b"
                                        "31m \xe2\x80\xa8 e\xcc\x81",
                                    {0.4, -0.3, 0.2, -0.9, 0.05});
  explanation.model = "model" + attack;
  auto prediction = afraid_prediction();
  prediction.labels[4] = "javascript:alert(3)" + attack + "\x1b]0;title\x07";
  explanation.prediction = prediction;
  explanation.targets.front().target.label = prediction.labels[4];
  explanation.warnings = {"text 1: " + attack};
  explanation.method.parameters.emplace_back("note", attack);
  return explanation;
}

}  // namespace pellucid::report::samples
