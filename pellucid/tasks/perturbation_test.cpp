// SPDX-License-Identifier: Apache-2.0
// Perturbation methods on the bundled model: budgets, the same numbers however they are run, texts
// without words, replacements, counterfactuals that hold.
#include <fmt/format.h>

#include "pellucid/attributions/counterfactual.h"
#include "pellucid/attributions/leave_one_out.h"
#include "pellucid/attributions/lime.h"
#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/product.h"
#include "pellucid/tasks/demo_test.h"
#include "pellucid/tasks/explain.h"
#include "pellucid/tasks/inspect.h"

namespace pellucid {
namespace {

/// Methods that perturb, in a form that is quick.
std::vector<std::pair<std::string, MethodOptions>> perturbing() {
  std::vector<std::pair<std::string, MethodOptions>> found;
  for (const MethodEntry& entry : methods()) {
    if (!entry.perturbs) continue;
    MethodOptions options;
    for (const MethodOption& option : entry.options) {
      if (option.name == "evaluations") options["evaluations"] = "40";
    }
    found.emplace_back(entry.name, options);
  }
  return found;
}

Explanation explain_with(const std::string& method, const MethodOptions& options,
                         const std::string& text, std::int64_t batch_tokens = 0) {
  ExplainOptions settings;
  settings.method = make_method(method, options);
  settings.targets = {"all"};
  settings.run.precision = Precision::f32;
  settings.run.batch_tokens = batch_tokens;
  return explain(demo(), text, settings);
}

/// Equal bits, NaN equal to NaN.
void expect_same(const Explanation& a, const Explanation& b) {
  ASSERT_EQ(a.targets.size(), b.targets.size());
  EXPECT_EQ(a.evaluations, b.evaluations);
  for (std::size_t t = 0; t < a.targets.size(); ++t) {
    EXPECT_EQ(a.targets[t].scores, b.targets[t].scores);
    EXPECT_EQ(a.targets[t].standard_errors, b.targets[t].standard_errors);
  }
}

TEST(Perturbation, SameNumbersHoweverItIsRun) {
  const int threads = thread_count();
  for (const auto& [method, options] : perturbing()) {
    SCOPED_TRACE(method);
    const Explanation once = explain_with(method, options, kText);
    EXPECT_TRUE(once.finite());
    expect_same(once, explain_with(method, options, kText));
    if (!rows_are_independent()) continue;
    expect_same(once, explain_with(method, options, kText, 20));
    set_thread_count(1);
    expect_same(once, explain_with(method, options, kText, 500));
    set_thread_count(threads);
  }
}

TEST(Perturbation, EvaluationsAreNeverMoreThanAllowed) {
  const std::string text = kText + " and so very far from home, but still I hope.";
  for (const auto& [method, options] : perturbing()) {
    if (!options.contains("evaluations")) continue;
    SCOPED_TRACE(method);
    for (const char* evaluations : {"50", "150"}) {
      const Explanation found = explain_with(method, {{"evaluations", evaluations}}, text);
      EXPECT_LE(found.evaluations, std::stoi(evaluations));
      EXPECT_EQ(found.evaluations, found.forwards);
    }
  }
}

TEST(Perturbation, CompleteMethodsAddUp) {
  for (const MethodEntry& entry : methods()) {
    if (!entry.perturbs) continue;
    const Explanation found = explain_with(entry.name, {}, kText);
    for (const TargetExplanation& target : found.targets) {
      EXPECT_EQ(target.completeness_gap.has_value(), entry.complete) << entry.name;
      EXPECT_LE(target.completeness_gap.value_or(0), 1e-9) << entry.name;
    }
  }
}

TEST(Perturbation, TextsWithoutWordsAndOfOne) {
  for (const auto& [method, options] : perturbing()) {
    SCOPED_TRACE(method);
    for (const char* text : {"", " ", "happy"}) {
      const Explanation found = explain_with(method, options, text);
      EXPECT_EQ(found.targets.size(), 6U);
      EXPECT_EQ(std::ssize(found.targets[0].scores), found.units.size());
      EXPECT_TRUE(found.finite());
    }
  }
}

/// Words that were cut off by truncation are not seen: no score.
TEST(Perturbation, UnitsThatTheModelNeverSaw) {
  for (const auto& [method, options] : perturbing()) {
    SCOPED_TRACE(method);
    ExplainOptions settings;
    settings.method = make_method(method, options);
    settings.max_length = 8;
    const Explanation found = explain(demo(), kText, settings);
    EXPECT_TRUE(std::isnan(found.targets[0].scores.back()));
    EXPECT_FALSE(std::isnan(found.targets[0].scores.front()));
    EXPECT_TRUE(found.finite());
  }
}

/// Nobody attends to the word: what the network gives when a mask hides it.
TEST(Replacement, AttentionHidesTokens) {
  ExplainOptions options;
  options.method = LeaveOneOut{.replacement = Replacement::parse("attention")};
  options.output = Output::logit;
  options.run.precision = Precision::f32;
  const Explanation found = explain(demo(), kText, options);
  const auto label = static_cast<std::size_t>(*found.targets[0].target.index);
  InspectCase input;
  input.input_ids = {{}};
  for (const Token& token : found.tokens) input.input_ids[0].push_back(token.id);
  for (std::size_t unit = 0; unit < found.units.units.size(); ++unit) {
    input.attention_mask = {std::vector<std::int32_t>(found.tokens.size(), 1)};
    for (const std::int64_t token : found.units.units[unit].tokens) {
      input.attention_mask[0][static_cast<std::size_t>(token)] = 0;
    }
    const auto tensors = inspect(demo().network(), input, {});
    const double hidden = double{tensors.at(0).tensor.data()[label]};
    EXPECT_NEAR(found.targets[0].scores[unit], *found.targets[0].value - hidden, 1e-4);
  }
}

TEST(Replacement, TheUsualOneIsNamedInTheResult) {
  const Explanation found = explain_with("leave-one-out", {}, kText);
  const auto& parameters = found.method.parameters;
  EXPECT_EQ(parameters.at(0).first, "replacement");
  EXPECT_EQ(parameters.at(0).second, Parameter(std::string("mask")));
  EXPECT_THROW(explain_with("leave-one-out", {{"replacement", "1,2"}}, kText), UsageError);
}

std::vector<std::int32_t> ids_of(const Explanation& explanation) {
  std::vector<std::int32_t> ids;
  for (const Token& token : explanation.tokens) ids.push_back(token.id);
  return ids;
}

/// The class that the network gives for these ids.
std::int64_t class_of(const std::vector<std::int32_t>& ids) {
  InspectCase input;
  input.input_ids = {ids};
  const auto tensors = inspect(demo().network(), input, {});
  const auto logits = tensors.at(0).tensor.values();
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

/// Edits made by hand; without: the edit that is left out.
std::int64_t class_after(const Explanation& found, const Counterfactual& changed,
                         std::optional<std::size_t> without) {
  std::vector<std::int32_t> ids = ids_of(found);
  for (std::size_t i = 0; i < changed.edits.size(); ++i) {
    if (i == without) continue;
    const Edit& edit = changed.edits[i];
    for (const std::int64_t token : found.units.units[static_cast<std::size_t>(edit.unit)].tokens) {
      ids[static_cast<std::size_t>(token)] = *demo().tokenizer().id(edit.to);
    }
  }
  return class_of(ids);
}

TEST(Counterfactual, ChangesTheLabelAndNothingCanBeSpared) {
  for (const CounterfactualMode mode :
       {CounterfactualMode::remove, CounterfactualMode::substitute}) {
    for (const char* text : {"I was so afraid, unbelievably lonely", "i love you so much",
                             "she felt alone and cold in the dark"}) {
      SCOPED_TRACE(std::string(name(mode)) + " " + text);
      ExplainOptions options;
      options.method = CounterfactualSearch{.mode = mode};
      const Explanation found = explain(demo(), text, options);
      const Counterfactual& changed = found.targets.at(0).counterfactual.value();
      const std::int64_t before = std::get<ClassPrediction>(found.prediction).index;
      ASSERT_TRUE(changed.found);
      EXPECT_FALSE(changed.edits.empty());
      EXPECT_NE(class_after(found, changed, std::nullopt), before);
      EXPECT_EQ(std::get<ClassPrediction>(changed.prediction).index,
                class_after(found, changed, std::nullopt));
      for (std::size_t i = 0; i < changed.edits.size(); ++i) {
        EXPECT_EQ(class_after(found, changed, i), before);
      }
    }
  }
}

TEST(Counterfactual, ReachesAGivenLabelOrSaysThatItDidNot) {
  ExplainOptions options;
  options.method = CounterfactualSearch{.mode = CounterfactualMode::substitute, .to = "joy"};
  const Explanation found = explain(demo(), "I was so afraid, unbelievably lonely", options);
  const Counterfactual& changed = found.targets.at(0).counterfactual.value();
  EXPECT_EQ(changed.found, std::get<ClassPrediction>(changed.prediction).index == 1);
  options.method = CounterfactualSearch{.to = "nothing"};
  EXPECT_THROW(explain(demo(), kText, options), UsageError);
}

TEST(Counterfactual, SufficientUnitsKeepTheLabel) {
  ExplainOptions options;
  options.method = CounterfactualSearch{.mode = CounterfactualMode::sufficient};
  const Explanation found = explain(demo(), kText, options);
  const Counterfactual& kept = found.targets.at(0).counterfactual.value();
  const std::int64_t before = std::get<ClassPrediction>(found.prediction).index;
  ASSERT_TRUE(kept.found);
  EXPECT_EQ(class_after(found, kept, std::nullopt), before);
  EXPECT_LT(kept.edits.size(), found.units.units.size());
}

TEST(Lime, SaysHowWellItsLineFits) {
  const Explanation found = explain_with("lime", {}, kText);
  for (const TargetExplanation& target : found.targets) {
    EXPECT_GT(target.r_squared.value(), 0);
    EXPECT_LE(target.r_squared.value(), 1);
  }
}

}  // namespace
}  // namespace pellucid
