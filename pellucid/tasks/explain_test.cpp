// SPDX-License-Identifier: Apache-2.0
// Explanations of the bundled model against what must hold exactly, and against plain loops.
#include "pellucid/tasks/explain.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/product.h"
#include "pellucid/tasks/predict.h"

namespace pellucid {
namespace {

const std::string kText = "I love this, but I am afraid it will not last.";

const Model& demo() {
  static const Model model = Model::load(PELLUCID_SOURCE_DIR "/demo/demo-emotion");
  return model;
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
}

/// Bits, where the kernels keep the order of sums.
void expect_same(const std::vector<double>& a, const std::vector<double>& b) {
  if (rows_are_independent()) {
    EXPECT_EQ(a, b);
  } else {
    expect_near(a, b, 1e-4 * largest(a));
  }
}

double gap(Rule rule, int steps) {
  return *explain(demo(), kText,
                  {.output = Output::logit,
                   .method = IntegratedGradients{.steps = steps, .rule = rule}})
              .targets[0]
              .completeness_gap;
}

TEST(IntegratedGradients, TheGapShrinksAsEachRulePromises) {
  EXPECT_LT(gap(Rule::gauss_legendre, 64), 2e-5);
  // One-sided rules: twice the points, half the gap.
  EXPECT_NEAR(gap(Rule::riemann_left, 256) / gap(Rule::riemann_left, 512), 2, 0.1);
  EXPECT_NEAR(gap(Rule::riemann_right, 256) / gap(Rule::riemann_right, 512), 2, 0.1);
  // The others fall at least as 1 / points^2, down to the noise of f32 logits.
  constexpr double kNoise = 1e-5;
  for (const Rule rule : {Rule::riemann_middle, Rule::trapezoid}) {
    const double constant = gap(rule, 17) * 17 * 17;
    for (const int points : {65, 129, 257}) {
      EXPECT_LE(gap(rule, points), constant / points / points + kNoise) << points;
    }
  }
}

TEST(IntegratedGradients, ScoresAddUpToTheChangeOfTheTarget) {
  const Explanation found = explain(demo(), kText, {.targets = {"all"}});
  ASSERT_EQ(found.targets.size(), 6U);
  const auto& prediction = std::get<ClassPrediction>(found.prediction);
  std::vector<double> over_classes(found.tokens.size());
  for (std::size_t t = 0; t < 6; ++t) {
    const TargetExplanation& target = found.targets[t];
    EXPECT_EQ(*target.value, prediction.probabilities[t]);
    EXPECT_NEAR(total(target.token_scores), *target.sum, 1e-12);
    EXPECT_NEAR(total(target.scores) + *target.unassigned, *target.sum, 1e-12);
    EXPECT_EQ(*target.completeness_gap,
              std::abs(*target.sum - (*target.value - *target.baseline_value)));
    for (std::size_t i = 0; i < over_classes.size(); ++i) {
      over_classes[i] += target.token_scores[i];
      if (found.tokens[i].special) {
        EXPECT_EQ(target.token_scores[i], 0);
      }
    }
  }
  EXPECT_LT(largest(over_classes), 1e-5) << "probabilities of all classes sum to one";
  EXPECT_EQ(found.forwards, 34);
  EXPECT_EQ(found.vjps, 32);
}

TEST(IntegratedGradients, StepsThatChooseThemselvesAgreeWithAFineReference) {
  const std::string text = "i am afraid";
  const auto reference =
      explain(demo(), text, {.method = IntegratedGradients{.steps = 1000}}).targets[0];
  for (const Rule rule : {Rule::gauss_legendre, Rule::adaptive}) {
    const Explanation found =
        explain(demo(), text, {.method = IntegratedGradients{.rule = rule, .tolerance = 0.01}});
    EXPECT_TRUE(found.converged);
    EXPECT_LE(*found.targets[0].relative_gap, 0.01);
    expect_near(found.targets[0].scores, reference.scores, 0.01 * largest(reference.scores));
  }
}

TEST(IntegratedGradients, ABaselineEqualToTheInputGivesZeros) {
  const Explanation plain = explain(demo(), "so happy", {.method = Saliency{}});
  Replacement same{.kind = Replacement::Kind::ids};
  for (const Token& token : plain.tokens) same.ids.push_back(token.id);
  const Explanation found =
      explain(demo(), "so happy", {.method = IntegratedGradients{.baseline = same}});
  EXPECT_EQ(largest(found.targets[0].token_scores), 0);
  EXPECT_NEAR(*found.targets[0].completeness_gap, 0, 1e-6);
}

TEST(Targets, ADifferenceIsNegatedWhenItsSidesAreSwapped) {
  const auto one = explain(demo(), kText, {.targets = {"fear-love"}}).targets[0];
  const auto other = explain(demo(), kText, {.targets = {"love-fear"}}).targets[0];
  for (std::size_t i = 0; i < one.scores.size(); ++i) {
    EXPECT_NEAR(one.scores[i], -other.scores[i], 1e-5);
  }
}

TEST(Targets, SeveralFromOnePassEqualSingleOnes) {
  for (const Method& method : {Method(IntegratedGradients{.steps = 8}), Method(Saliency{}),
                               Method(InputXGradient{}), Method(Occlusion{})}) {
    const Explanation all = explain(demo(), kText, {.targets = {"all"}, .method = method});
    for (std::size_t t = 0; t < all.targets.size(); ++t) {
      const Explanation one =
          explain(demo(), kText, {.targets = {std::to_string(t)}, .method = method});
      expect_same(all.targets[t].scores, one.targets[0].scores);
    }
  }
}

/// The target on a text whose ids were changed by hand.
double value_of(const std::vector<std::int32_t>& ids, std::int64_t label) {
  Batch batch;
  Sequence sequence;
  sequence.ids = ids;
  batch.add(sequence);
  Tap none;
  const Tensor logits = demo().network()(batch, none).value;
  return softmax(logits.values())[static_cast<std::size_t>(label)];
}

TEST(Occlusion, EqualsAPlainLoop) {
  const Tokenizer& tokenizer = demo().tokenizer();
  const Encoding encoding = tokenizer.encode(kText);
  for (const Unit unit : {Unit::token, Unit::word}) {
    for (const auto kind : {Replacement::Kind::mask, Replacement::Kind::pad, Replacement::Kind::unk,
                            Replacement::Kind::erase}) {
      const Explanation found = explain(
          demo(), kText,
          {.targets = {"fear"}, .method = Occlusion{.replacement = {.kind = kind}}, .unit = unit});
      const std::int32_t id = kind == Replacement::Kind::pad   ? *tokenizer.pad_id()
                              : kind == Replacement::Kind::unk ? *tokenizer.unk_id()
                                                               : *tokenizer.mask_id();
      const double whole = value_of(encoding.ids(), 4);
      for (std::size_t u = 0; u < found.units.units.size(); ++u) {
        std::vector<std::int32_t> ids = encoding.ids();
        const auto& tokens = found.units.units[u].tokens;
        for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
          if (kind == Replacement::Kind::erase) {
            ids.erase(ids.begin() + *token);
          } else {
            ids[static_cast<std::size_t>(*token)] = id;
          }
        }
        EXPECT_NEAR(found.targets[0].scores[u], whole - value_of(ids, 4), 1e-6) << u;
      }
    }
  }
}

TEST(Occlusion, WindowsAreAveragedOverTheUnitsTheyCover) {
  const auto effect = [&](std::vector<std::size_t> removed) {
    const Encoding encoding = demo().tokenizer().encode("so very happy");
    std::vector<std::int32_t> ids = encoding.ids();
    for (const std::size_t unit : removed) ids[unit + 1] = *demo().tokenizer().mask_id();
    return value_of(encoding.ids(), 1) - value_of(ids, 1);
  };
  const auto scores =
      explain(demo(), "so very happy", {.targets = {"joy"}, .method = Occlusion{.window = 2}})
          .targets[0]
          .scores;
  expect_near(scores, {effect({0, 1}), (effect({0, 1}) + effect({1, 2})) / 2, effect({1, 2})},
              1e-6);
  EXPECT_THROW(explain(demo(), "a b", {.method = Occlusion{.window = 1, .stride = 2}}), UsageError);
}

TEST(Units, WordScoresAreSumsOfTokenScores) {
  const std::string text = "unbelievably frightening";
  const Explanation words = explain(demo(), text);
  const TargetExplanation& target = words.targets[0];
  for (std::size_t u = 0; u < words.units.units.size(); ++u) {
    double sum = 0;
    for (const std::int64_t token : words.units.units[u].tokens) {
      sum += target.token_scores[static_cast<std::size_t>(token)];
    }
    EXPECT_NEAR(target.scores[u], sum, 1e-12);
  }
}

std::vector<std::string> unequal_texts() {
  std::vector<std::string> texts;
  for (int n = 1; n <= 16; ++n) {
    std::string text;
    for (int word = 0; word < n * n % 23 + 1; ++word)
      text += word % 3 == 0 ? "afraid " : "so happy, ";
    texts.push_back(text);
  }
  return texts;
}

TEST(Batches, ManyTextsAtOnceEqualSingleOnes) {
  const std::vector<std::string> texts = unequal_texts();
  const ExplainOptions options{.targets = {"all"}, .method = IntegratedGradients{.steps = 6}};
  const auto together = explain(demo(), texts, options);
  ASSERT_EQ(together.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Explanation alone = explain(demo(), texts[i], options);
    for (std::size_t t = 0; t < 6; ++t) {
      expect_same(together[i].targets[t].token_scores, alone.targets[t].token_scores);
      EXPECT_EQ(together[i].forwards, alone.forwards);
    }
  }
}

TEST(Batches, ThreadsAndMicroBatchesChangeNothing) {
  const int threads = thread_count();
  const auto scores = [](int count, std::int64_t tokens) {
    set_thread_count(count);
    return explain(demo(), kText, {.targets = {"all"}, .run = {.batch_tokens = tokens}})
        .targets[4]
        .token_scores;
  };
  const auto reference = scores(1, 0);
  for (const std::int64_t tokens : {1, 3, 64, 1000}) {
    expect_same(scores(1, tokens), reference);
    expect_same(scores(2, tokens), reference);
    expect_same(scores(64, tokens), reference);
  }
  set_thread_count(threads);
}

TEST(Batches, OneBadItemLeavesTheOthersAlone) {
  const std::vector<std::string> texts{"so happy", "\xff", "so afraid"};
  std::size_t read = 0;
  std::vector<ExplainResult> results;
  explain_stream(
      demo(), {.method = Saliency{}},
      [&](Item& item) {
        if (read == texts.size()) return false;
        item.text = texts[read++];
        return true;
      },
      [&](std::int64_t index, ExplainResult result) {
        EXPECT_EQ(index, static_cast<std::int64_t>(results.size()));
        results.push_back(std::move(result));
      });
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].index(), 0U);
  EXPECT_NE(std::get<std::string>(results[1]).find("UTF-8"), std::string::npos);
  EXPECT_EQ(std::get<Explanation>(results[2]).text, "so afraid");
}

TEST(LongTexts, UnitsThatWereCutHaveNoScore) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "happy ";
  const Explanation found = explain(demo(), text, {.max_length = 12});
  EXPECT_EQ(found.tokens.size(), 12U);
  ASSERT_EQ(found.units.units.size(), 20U);
  EXPECT_FALSE(std::isnan(found.targets[0].scores[9]));
  EXPECT_TRUE(std::isnan(found.targets[0].scores[10]));
  EXPECT_FALSE(found.warnings.empty());
  EXPECT_TRUE(found.finite());
  EXPECT_EQ(found.ranked().size(), 10U);
  EXPECT_THROW(explain(demo(), text, {.long_text = LongText::error, .max_length = 12}), Error);
}

TEST(Memory, AnInputThatDoesNotFitIsRefusedWithTheNumberNeeded) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "happy ";
  try {
    explain(demo(), text, {.run = {.memory = 1 << 20}});
    FAIL() << "one MiB was enough";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("MiB"), std::string::npos);
  }
  const auto small = explain(demo(), kText, {.run = {.memory = 4 << 20}});
  const auto large = explain(demo(), kText);
  expect_same(small.targets[0].scores, large.targets[0].scores);
}

}  // namespace
}  // namespace pellucid
