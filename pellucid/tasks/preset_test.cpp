// SPDX-License-Identifier: Apache-2.0
// The preset transformers-interpret against what that library printed: tokens, scores, probability
// and delta; and our defaults against the numbers that are right.
#include "pellucid/tasks/preset.h"

#include <algorithm>

#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/tasks/explain.h"
#include "pellucid/tasks/peers_test.h"

namespace pellucid {
namespace {

using peers::Json;

constexpr double kScores = 3e-4;  // of the largest score: two float32 engines
constexpr double kValues = 1e-5;

TEST(PresetText, PutsBlanksAroundMarksAndJoinsBlanks) {
  const auto cleaned = [](const std::string& text) {
    return preset_text(Preset::transformers_interpret, text);
  };
  EXPECT_EQ(cleaned("I love you, I like you"), "I love you , I like you");
  EXPECT_EQ(cleaned("Good. Bad! Is it, really?"), "Good . Bad ! Is it , really ? ");
  EXPECT_EQ(cleaned("(very \t\n angry)"), " ( very angry ) ");
  EXPECT_EQ(cleaned("3.14"), "3 . 14");
  EXPECT_EQ(cleaned("a\tb"), "a\tb");  // one white space character stays as it is
  EXPECT_EQ(cleaned("a\u3000\u00a0b; c"), "a b; c");
  EXPECT_EQ(cleaned(""), "");
  EXPECT_EQ(preset_text(Preset::none, "a,  b"), "a,  b");
}

TEST(PresetOptions, WhatTheCallerSetsWins) {
  ExplainOptions options;
  options.preset = Preset::transformers_interpret;
  Settings settings = settle(options);
  EXPECT_EQ(settings.unit, Unit::all_tokens);
  EXPECT_EQ(settings.normalize, Normalize::l2);
  EXPECT_EQ(settings.method.parameters(), IntegratedGradients{.steps = 50}.parameters());
  options.unit = Unit::word;
  options.normalize = Normalize::none;
  options.method = IntegratedGradients{.steps = 7};
  settings = settle(options);
  EXPECT_EQ(settings.unit, Unit::word);
  EXPECT_EQ(settings.normalize, Normalize::none);
  EXPECT_EQ(settings.method.parameters(), IntegratedGradients{.steps = 7}.parameters());
  settings = settle({});
  EXPECT_EQ(settings.unit, Unit::word);
  EXPECT_EQ(settings.normalize, Normalize::none);
  EXPECT_EQ(settings.method.parameters(), IntegratedGradients{.steps = 32}.parameters());
}

/// A number, or a list of one.
double number(const Json& json) { return (json.is_array() ? json.at(0) : json).get<double>(); }

ExplainOptions options_of(const Json& test, const Model& model) {
  ExplainOptions options;
  options.preset = Preset::transformers_interpret;
  const Json& arguments = test.at("arguments");
  IntegratedGradients method{.steps = arguments.value("n_steps", 50)};
  // The sequence explainer takes any other type (2) for word embeddings.
  if (arguments.value("embedding_type", 0) == 1) method.layer = "position-embeddings";
  options.method = method;
  if (model.network().shape().outputs == 1) {
    // The library calls the only output 0 and takes its sigmoid: label 1 of a classification here.
    options.task = Task::sequence_classification;
    options.targets = {"1"};
    options.negate = arguments.value("flip_sign", false);  // done for such heads only
    return options;
  }
  if (arguments.contains("index")) {
    options.targets = {std::to_string(arguments.at("index").get<int>())};
  }
  const std::string name = arguments.value("class_name", "");
  // Unknown names mean the predicted class there and are refused here.
  if (!name.empty() && name != "no such class") options.targets = {name};
  return options;
}

void expect_explained(const Json& test, const Model& model) {
  SCOPED_TRACE(test.at("model").dump() + " " + test.at("text").dump() + " " +
               test.at("arguments").dump());
  Item item{.text = test.at("text").get<std::string>()};
  if (test.contains("pair")) item.pair = test.at("pair").get<std::string>();
  const ExplainOptions options = options_of(test, model);
  const Explanation found = explain(model, item, options);
  if (test.contains("input_ids")) {
    EXPECT_EQ(peers::ids(found.tokens), test.at("input_ids").get<std::vector<std::int32_t>>());
  }
  std::vector<double> scores;
  std::vector<std::string> tokens;
  for (const Json& entry : test.at("word_attributions")) {
    tokens.push_back(entry.at(0).get<std::string>());
    scores.push_back(entry.at(1).get<double>());
  }
  std::vector<std::string> found_tokens;
  for (const Token& token : found.tokens) found_tokens.push_back(token.text);
  EXPECT_EQ(found_tokens, tokens);
  const TargetExplanation& target = found.targets.at(0);
  EXPECT_LE(peers::error(target.scores, scores), kScores);
  std::vector<double> summed = test.at("summed").get<std::vector<double>>();
  if (options.negate) {
    for (double& score : summed) score = -score;
  }
  EXPECT_LE(peers::error(target.token_scores, summed), kScores);
  EXPECT_NEAR(*target.value, test.at("probability").get<double>(), kValues);
  EXPECT_NEAR(*target.completeness_gap, std::abs(number(test.at("delta"))), kValues);
}

class Recorded : public testing::TestWithParam<peers::Set> {
 protected:
  /// Runs what `explainers` answered on models that are there and can be loaded.
  std::size_t run(const std::string& file, const std::vector<std::string>& explainers,
                  const std::vector<std::string>& models) {
    std::size_t count = 0;
    for (const Json& test : peers::cases(GetParam(), file)) {
      const auto name = test.at("model").get<std::string>();
      const auto explainer = test.at("explainer").get<std::string>();
      if (std::count(explainers.begin(), explainers.end(), explainer) == 0 ||
          std::count(models.begin(), models.end(), name) == 0 || test.contains("custom_labels")) {
        continue;
      }
      const Model* model = peers::find_model(name);
      if (model == nullptr) continue;
      expect_explained(test, *model);
      ++count;
    }
    return count;
  }
};

TEST_P(Recorded, TransformersInterpret) {
  const bool full = GetParam() == peers::Set::full;
  const std::size_t count =
      run("transformers_interpret", {"sequence", "pair"}, {"demo-emotion", "minilm-nli"});
  if (full && count == 0) GTEST_SKIP() << "no recorded answers beside the repository";
  EXPECT_EQ(count, full ? 9U : 30U);
}

TEST_P(Recorded, TransformersInterpretOnRandomModels) {
  if (GetParam() == peers::Set::committed) GTEST_SKIP() << "their models are not committed";
  const std::size_t count = run("transformers_interpret_more", {"sequence", "pair"},
                                {"tiny-random-bert", "tiny-random-bert-single"});
  if (count == 0) GTEST_SKIP() << "no recorded answers beside the repository";
  EXPECT_EQ(count, 50U);
}

/// Our own way, with as many points: the model's own token types, no normalisation.
TEST_P(Recorded, DefaultsGiveTheRightNumbers) {
  std::size_t count = 0;
  for (const Json& test : peers::cases(GetParam(), "transformers_interpret_right")) {
    const auto name = test.at("model").get<std::string>();
    if (name != "demo-emotion" && name != "tiny-random-bert") continue;
    SCOPED_TRACE(name + " " + test.at("text").dump());
    const Model* model = peers::find_model(name);
    if (model == nullptr) continue;
    ExplainOptions options;
    options.method = IntegratedGradients{.steps = 50};
    options.unit = Unit::all_tokens;
    options.targets = {std::to_string(test.at("target").get<int>())};
    for (const auto& [text, key] : {std::pair("text", "right"), {"cleaned", "right_on_cleaned"}}) {
      const Json& right = test.at(key);
      const Explanation found = explain(*model, test.at(text).get<std::string>(), options);
      const TargetExplanation& target = found.targets.at(0);
      if (right.contains("input_ids")) {
        EXPECT_EQ(peers::ids(found.tokens), right.at("input_ids").get<std::vector<std::int32_t>>());
      }
      EXPECT_LE(peers::error(target.scores, right.at("summed").get<std::vector<double>>()),
                kScores);
      EXPECT_NEAR(*target.value, right.at("value").get<double>(), kValues);
      EXPECT_NEAR(*target.baseline_value, right.at("baseline_value").get<double>(), kValues);
      EXPECT_NEAR(*target.completeness_gap, std::abs(right.at("gap").get<double>()), kValues);
    }
    ++count;
  }
  if (GetParam() == peers::Set::full && count == 0) GTEST_SKIP() << "no recorded answers";
  EXPECT_EQ(count, 3U);
}

INSTANTIATE_TEST_SUITE_P(Peers, Recorded, testing::ValuesIn(peers::kSets), [](const auto& set) {
  return set.param == peers::Set::full ? "full" : "committed";
});

}  // namespace
}  // namespace pellucid
