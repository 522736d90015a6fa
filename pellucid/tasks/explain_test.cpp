// SPDX-License-Identifier: Apache-2.0
// Properties that explanations must have whatever the model, on the bundled one.
#include "pellucid/tasks/explain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/base/error.h"
#include "pellucid/ops/product.h"
#include "pellucid/tasks/demo_test.h"

namespace pellucid {
namespace {

TargetExplanation integrate(Rule rule, int steps, Output output = Output::logit) {
  ExplainOptions options;
  options.method = IntegratedGradients{.steps = steps, .rule = rule};
  options.output = output;
  return explain(demo(), kText, options).targets.at(0);
}

TEST(Completeness, SumAndGapAreWhatTheySay) {
  for (const Output output : {Output::logit, Output::probability, Output::log_probability}) {
    const TargetExplanation target = integrate(Rule::gauss_legendre, 9, output);
    const double sum = std::accumulate(target.token_scores.begin(), target.token_scores.end(), 0.0);
    EXPECT_NEAR(*target.sum, sum, 1e-12);
    const double words = std::accumulate(target.scores.begin(), target.scores.end(), 0.0);
    EXPECT_NEAR(words + *target.unassigned, *target.sum, 1e-12);
    const double change = *target.value - *target.baseline_value;
    EXPECT_NEAR(*target.completeness_gap, std::abs(sum - change), 1e-12);
    EXPECT_NEAR(*target.relative_gap, *target.completeness_gap / std::abs(change), 1e-12);
  }
}

/// Gap with 64 points over that with 256.
double fall(Rule rule) {
  return *integrate(rule, 64).completeness_gap / *integrate(rule, 256).completeness_gap;
}

TEST(Completeness, GapsFallAsTheRulesPromise) {
  for (const Rule rule : {Rule::riemann_left, Rule::riemann_right}) {  // 1 / steps
    EXPECT_GT(fall(rule), 2.5) << name(rule);
    EXPECT_LT(fall(rule), 6) << name(rule);
  }
  for (const Rule rule : {Rule::riemann_middle, Rule::trapezoid}) {  // 1 / steps^2
    EXPECT_GT(fall(rule), 8) << name(rule);
  }
  const double noise = 2e-5;  // float32 gradients of logits of about 7
  EXPECT_LT(*integrate(Rule::gauss_legendre, 64).completeness_gap, noise);
  EXPECT_LT(*integrate(Rule::gauss_legendre, 64).completeness_gap,
            *integrate(Rule::riemann_middle, 64).completeness_gap);
}

TEST(Completeness, AdaptiveRulesSettleWithinTheirTolerance) {
  for (const Output output : {Output::logit, Output::probability}) {
    const TargetExplanation reference = integrate(Rule::gauss_legendre, 300, output);
    for (const Rule rule : {Rule::gauss_legendre, Rule::adaptive}) {
      ExplainOptions options;
      options.output = output;
      options.method = IntegratedGradients{.rule = rule, .tolerance = 0.01};
      const Explanation found = explain(demo(), kText, options);
      EXPECT_TRUE(found.converged);
      const TargetExplanation& target = found.targets.at(0);
      expect_near(target.token_scores, reference.token_scores, 0.01);
      EXPECT_LE(*target.relative_gap, 0.01);
    }
  }
}

TEST(Completeness, APathTooSteepForThePointsAllowedIsSaid) {
  ExplainOptions options;
  options.method = IntegratedGradients{.rule = Rule::adaptive, .tolerance = 1e-9};
  const Explanation found = explain(demo(), "afraid", options);
  EXPECT_FALSE(found.converged);
  EXPECT_FALSE(found.warnings.empty());
  EXPECT_LE(found.vjps, 257);
  EXPECT_GT(found.vjps, 200);
}

TEST(Targets, ValuesAreThePredictionsProbabilities) {
  ExplainOptions options;
  options.method = Saliency{};
  options.targets = {"all"};
  const Explanation found = explain(demo(), kText, options);
  const auto& prediction = std::get<ClassPrediction>(found.prediction);
  ASSERT_EQ(found.targets.size(), prediction.probabilities.size());
  for (std::size_t c = 0; c < found.targets.size(); ++c) {
    EXPECT_EQ(*found.targets[c].value, prediction.probabilities[c]);
  }
}

TEST(Targets, ProbabilitiesOfAllClassesSumToZero) {
  ExplainOptions options;
  options.targets = {"all"};
  for (const Method& method : std::vector<Method>{IntegratedGradients{}, Occlusion{}}) {
    options.method = method;
    const Explanation found = explain(demo(), kText, options);
    double most = 0;
    std::vector<double> sums(found.targets.at(0).scores.size());
    for (const TargetExplanation& target : found.targets) {
      most = std::max(most, largest(target.scores));
      for (std::size_t u = 0; u < sums.size(); ++u) sums[u] += target.scores[u];
    }
    EXPECT_LT(largest(sums), 1e-5 * most) << method.name();
  }
}

TEST(Targets, TheOtherWayRoundIsNegated) {
  ExplainOptions options;
  options.targets = {"fear-sadness", "sadness-fear"};
  for (const Output output : {Output::logit, Output::probability_difference}) {
    options.output = output;
    const Explanation found = explain(demo(), kText, options);
    std::vector<double> negated = found.targets[1].token_scores;
    for (double& score : negated) score = -score;
    expect_near(found.targets[0].token_scores, negated, 1e-6);
    EXPECT_EQ(*found.targets[0].value, -*found.targets[1].value);
  }
}

TEST(Targets, MoreOfThemChangeNothing) {
  for (const Method& method : std::vector<Method>{IntegratedGradients{.steps = 8}, InputXGradient{},
                                                  Saliency{}, Occlusion{}}) {
    ExplainOptions options;
    options.method = method;
    options.targets = {"all"};
    const Explanation all = explain(demo(), kText, options);
    for (const TargetExplanation& target : all.targets) {
      options.targets = {target.target.label};
      const TargetExplanation single = explain(demo(), kText, options).targets.at(0);
      if (rows_are_independent()) {
        EXPECT_EQ(single.scores, target.scores) << method.name();
      }
      expect_near(single.scores, target.scores, 1e-4);
    }
  }
}

TEST(Baselines, TokensThatStayScoreExactlyZero) {
  ExplainOptions options;
  options.unit = Unit::all_tokens;
  const Explanation plain = explain(demo(), "i feel [PAD] fine", options);
  for (std::size_t i = 0; i < plain.tokens.size(); ++i) {
    const Token& token = plain.tokens[i];
    const double score = plain.targets.at(0).token_scores[i];
    const bool stays = token.special || token.text == "[PAD]";
    EXPECT_EQ(score == 0, stays) << token.text;
  }
  // The baseline is the input: no path, no scores, no gap.
  Replacement same{.kind = Replacement::Kind::ids};
  for (const Token& token : plain.tokens) same.ids.push_back(token.id);
  options.method = IntegratedGradients{.steps = 4, .baseline = same};
  const TargetExplanation nothing = explain(demo(), "i feel [PAD] fine", options).targets.at(0);
  EXPECT_EQ(nothing.token_scores, std::vector<double>(plain.tokens.size()));
  EXPECT_LT(*nothing.completeness_gap, 1e-6);
}

TEST(Baselines, OneTokenTakesAllOfTheChange) {
  ExplainOptions options;
  options.method = IntegratedGradients{.steps = 100};
  const TargetExplanation target = explain(demo(), "happy", options).targets.at(0);
  ASSERT_EQ(target.scores.size(), 1U);
  EXPECT_NEAR(target.scores[0], *target.value - *target.baseline_value, 1e-4);
}

TEST(Units, WordsAreSumsOfTokens) {
  const Explanation found = explain(demo(), kText);
  const TargetExplanation& target = found.targets.at(0);
  bool split = false;
  for (std::size_t u = 0; u < found.units.units.size(); ++u) {
    double sum = 0;
    for (const std::int64_t i : found.units.units[u].tokens) {
      sum += target.token_scores[static_cast<std::size_t>(i)];
    }
    split = split || found.units.units[u].tokens.size() > 1;
    EXPECT_NEAR(target.scores[u], sum, 1e-15);
  }
  EXPECT_TRUE(split) << "no word of several tokens in the text";
}

std::vector<std::string> unequal_texts() {
  std::vector<std::string> texts;
  std::string text;
  for (const char* word :
       {"i", " feel", " so", " happy", " and", " loved", ",", " then", " sad", " again", " because",
        " nobody", " was", " surprised", " or", " angry"}) {
    text += word;
    texts.push_back(text);
  }
  std::swap(texts[0], texts[13]);
  std::swap(texts[5], texts[15]);
  return texts;
}

void expect_same(const Explanation& found, const Explanation& expected) {
  ASSERT_EQ(found.targets.size(), expected.targets.size());
  for (std::size_t t = 0; t < found.targets.size(); ++t) {
    const TargetExplanation& a = found.targets[t];
    const TargetExplanation& b = expected.targets[t];
    if (rows_are_independent()) {
      EXPECT_EQ(a.scores, b.scores);
      EXPECT_EQ(a.token_scores, b.token_scores);
      EXPECT_EQ(a.value, b.value);
      EXPECT_EQ(a.baseline_value, b.baseline_value);
      EXPECT_EQ(a.completeness_gap, b.completeness_gap);
    }
    expect_near(a.scores, b.scores, 1e-4);
  }
  EXPECT_EQ(found.text, expected.text);
  EXPECT_EQ(found.forwards, expected.forwards);
  EXPECT_EQ(found.vjps, expected.vjps);
}

TEST(Together, SixteenUnequalTextsEqualSingleCalls) {
  const std::vector<std::string> texts = unequal_texts();
  for (const Method& method :
       std::vector<Method>{IntegratedGradients{.steps = 5}, IntegratedGradients{.tolerance = 0.2},
                           Occlusion{}, Saliency{}, InputXGradient{}}) {
    ExplainOptions options;
    options.method = method;
    options.targets = {"top:2"};
    const std::vector<Explanation> together = explain(demo(), texts, options);
    ASSERT_EQ(together.size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      SCOPED_TRACE(method.name() + ": " + texts[i]);
      expect_same(together[i], explain(demo(), texts[i], options));
    }
  }
}

TEST(Together, AnItemThatFailsLeavesTheOthersAlone) {
  std::vector<Item> items;
  for (const char* text : {"i am happy", "\xff", "i am sad", "what a surprise"}) {
    items.push_back({.text = text});
  }
  items[2].targets = {"no such label"};
  items[3].id = "17";
  ExplainOptions options;
  options.method = IntegratedGradients{.steps = 4};
  std::size_t read = 0;
  std::vector<ExplainResult> results;
  explain_stream(
      demo(), options,
      [&](Item& item) {
        if (read == items.size()) return false;
        item = items[read++];
        return true;
      },
      [&](std::int64_t index, ExplainResult result) {
        EXPECT_EQ(index, static_cast<std::int64_t>(results.size()));
        results.push_back(std::move(result));
      });
  ASSERT_EQ(results.size(), 4U);
  for (const std::size_t place : {0U, 3U}) {
    ASSERT_TRUE(std::holds_alternative<Explanation>(results[place])) << place;
    expect_same(std::get<Explanation>(results[place]), explain(demo(), items[place], options));
  }
  EXPECT_EQ(std::get<Explanation>(results[3]).id, "17");
  EXPECT_FALSE(std::get<std::string>(results[1]).empty());
  EXPECT_NE(std::get<std::string>(results[2]).find("no such label"), std::string::npos);
  EXPECT_THROW(explain(demo(), std::vector<std::string>{"fine", "\xff"}, options), Error);
}

TEST(LongTexts, CutUnitsHaveNoScore) {
  for (const Method& method : std::vector<Method>{IntegratedGradients{.steps = 3}, Occlusion{}}) {
    ExplainOptions options;
    options.method = method;
    options.max_length = 6;
    const Explanation found = explain(demo(), "i feel so happy and loved today", options);
    EXPECT_EQ(found.tokens.size(), 6U);
    ASSERT_EQ(found.units.size(), 7);
    ASSERT_FALSE(found.warnings.empty());
    EXPECT_EQ(found.warnings[0], "text too long: the first 4 of its 7 tokens are used, 3 are cut");
    const TargetExplanation& target = found.targets.at(0);
    for (std::size_t u = 0; u < 7; ++u) EXPECT_EQ(std::isnan(target.scores[u]), u >= 4) << u;
    EXPECT_TRUE(found.finite());
    EXPECT_EQ(found.ranked().size(), 4U);
    options.long_text = LongText::error;
    EXPECT_THROW(explain(demo(), "i feel so happy and loved today", options), Error);
  }
}

TEST(LongTexts, BeyondTheModelsLength) {
  std::string text;
  for (int i = 0; i < 600; ++i) text += "so ";
  ExplainOptions options;
  options.method = Saliency{};
  const Explanation found = explain(demo(), text + "happy", options);
  EXPECT_EQ(static_cast<std::int64_t>(found.tokens.size()), demo().max_length());
  EXPECT_FALSE(found.warnings.empty());
  EXPECT_TRUE(std::isnan(found.targets.at(0).scores.back()));
  for (const std::int64_t length : {std::int64_t{2}, demo().max_length() + 1}) {
    options.max_length = length;
    EXPECT_THROW(explain(demo(), text, options), UsageError) << length;
  }
}

TEST(ShortTexts, EmptyAndBlankHaveNoUnits) {
  for (const Method& method :
       std::vector<Method>{IntegratedGradients{}, InputXGradient{}, Saliency{}, Occlusion{}}) {
    for (const char* text : {"", "   ", "\n\t "}) {
      ExplainOptions options;
      options.method = method;
      const Explanation found = explain(demo(), text, options);
      EXPECT_EQ(found.tokens.size(), 2U);
      EXPECT_EQ(found.units.size(), 0);
      EXPECT_TRUE(found.targets.at(0).scores.empty());
      EXPECT_EQ(found.warnings, std::vector<std::string>{"no units to explain"});
      EXPECT_TRUE(found.finite());
    }
  }
}

}  // namespace
}  // namespace pellucid
