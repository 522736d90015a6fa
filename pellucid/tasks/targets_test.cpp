// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/targets.h"

#include <gtest/gtest.h>

#include "pellucid/base/error.h"
#include "pellucid/tasks/classification.h"

namespace pellucid {
namespace {

using Names = std::vector<std::string>;

HeadFacts head(Names labels, std::optional<std::string> problem_type = {}) {
  const auto outputs = static_cast<std::int64_t>(labels.size());
  return {HeadKind::sequence_classification, outputs, std::move(problem_type), std::move(labels)};
}

HeadFacts emotions() { return head({"sadness", "joy", "love", "anger"}); }

const std::vector<float> kLogits{1, 3, -2, 3};

std::vector<Target> resolve(const HeadFacts& facts, const Names& wanted,
                            std::optional<Output> output = {},
                            const std::vector<float>& logits = kLogits, Names* warnings = nullptr) {
  const Task task = find_task(facts, {}, false);
  return resolve_targets(facts, task, wanted, output, classify(facts, task, logits), logits,
                         warnings);
}

Names labels_of(const std::vector<Target>& targets) {
  Names labels;
  for (const Target& target : targets) labels.push_back(target.label);
  return labels;
}

std::string error_of(const HeadFacts& facts, const std::string& wanted,
                     std::optional<Output> output = {}) {
  try {
    resolve(facts, {wanted}, output);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Targets, WordsMeanLabels) {
  EXPECT_EQ(labels_of(resolve(emotions(), {})), Names{"joy"});
  EXPECT_EQ(labels_of(resolve(emotions(), {"anger", "predicted"})), (Names{"anger", "joy"}));
  EXPECT_EQ(labels_of(resolve(emotions(), {"all"})), emotions().labels);
  EXPECT_EQ(labels_of(resolve(emotions(), {"top:3"})), (Names{"joy", "anger", "sadness"}));
  EXPECT_EQ(labels_of(resolve(emotions(), {"top:9"})).size(), 4U);
  EXPECT_EQ(labels_of(resolve(emotions(), {"LOVE", "3"})), (Names{"love", "anger"}));
  EXPECT_EQ(resolve(emotions(), {})[0].output, Output::probability);
  EXPECT_EQ(resolve(emotions(), {}, Output::logit)[0].output, Output::logit);
}

TEST(Targets, Contrasts) {
  const Target target = resolve(emotions(), {"joy-sadness"})[0];
  EXPECT_EQ(target.index, 1);
  EXPECT_EQ(target.contrast, 0);
  EXPECT_EQ(target.output, Output::logit);
  EXPECT_EQ(target.label, "joy-sadness");
  EXPECT_EQ(target.value(kLogits, 4), 2);
  EXPECT_EQ(resolve(emotions(), {"Joy-0"})[0].label, "joy-sadness");
  EXPECT_EQ(resolve(emotions(), {"joy-love"}, Output::probability)[0].output,
            Output::probability_difference);
}

TEST(Targets, LabelsThatHoldHyphens) {
  const HeadFacts facts = head({"a", "a-b", "b-c", "c"});
  EXPECT_EQ(resolve(facts, {"a-b"})[0].index, 1);
  EXPECT_FALSE(resolve(facts, {"a-b"})[0].contrast);
  EXPECT_EQ(resolve(facts, {"a-b-b-c"})[0].label, "a-b-b-c");
  EXPECT_EQ(resolve(facts, {"a-b-b-c"})[0].contrast, 2);
  EXPECT_EQ(resolve(facts, {"a-b-c"})[0].index, 0);
  EXPECT_EQ(resolve(facts, {"a-b-a"})[0].index, 1);
}

TEST(Targets, DigitsAreAnIndexOnlyIfNoLabelIsCalledThat) {
  const HeadFacts facts = head({"1", "0", "x"});
  const std::vector<float> logits{1, 2, 3};
  EXPECT_EQ(resolve(facts, {"1"}, {}, logits)[0].index, 0);
  EXPECT_EQ(resolve(facts, {"2"}, {}, logits)[0].index, 2);
}

TEST(Targets, ErrorsNameWhatExists) {
  EXPECT_NE(error_of(emotions(), "sadnes").find("sadness, joy, love, anger; did you mean"),
            std::string::npos)
      << error_of(emotions(), "sadnes");
  EXPECT_NE(error_of(emotions(), "joy-lov").find("\"lov\""), std::string::npos);
  EXPECT_NE(error_of(emotions(), "4").find("0 to 3"), std::string::npos);
  EXPECT_NE(error_of(emotions(), "99999999999999999999").find("0 to 3"), std::string::npos);
  EXPECT_NE(error_of(emotions(), "joy-joy").find("both sides"), std::string::npos);
  EXPECT_NE(error_of(emotions(), "top:0").find("top:K"), std::string::npos);
  EXPECT_NE(error_of(emotions(), "top:x").find("top:K"), std::string::npos);
  EXPECT_NE(error_of(emotions(), "joy", Output::probability_difference).find("A-B"),
            std::string::npos);
  EXPECT_NE(error_of(emotions(), ""), "no error");
  Names many;
  for (int i = 0; i < 30; ++i) many.push_back("label" + std::to_string(i));
  EXPECT_NE(label_list(many).find("label19 and 10 more"), std::string::npos);
}

TEST(Targets, DuplicateNamesNeedTheIndex) {
  const HeadFacts facts = head({"x", "y", "x", "Y"});
  EXPECT_EQ(class_labels(facts, Task::sequence_classification),
            (Names{"x (0)", "y", "x (2)", "Y"}));
  EXPECT_NE(error_of(facts, "x").find("use the index: 0, 2"), std::string::npos);
  EXPECT_EQ(resolve(facts, {"2", "x (0)", "Y"})[2].index, 3);
  const HeadFacts cases = head({"Aa", "aA", "b", "c"});
  EXPECT_NE(error_of(cases, "aa"), "no error");
}

TEST(Targets, MultiLabelTakesAllThatArePredicted) {
  const HeadFacts facts = head({"a", "b", "c", "d"}, "multi_label_classification");
  EXPECT_EQ(labels_of(resolve(facts, {}, {}, {0.5F, 2, -1, 0})), (Names{"b", "a", "d"}));
  EXPECT_EQ(resolve(facts, {})[0].link, Link::sigmoid);
  Names warnings;
  EXPECT_EQ(labels_of(resolve(facts, {}, {}, {-3, -2, -1, -4}, &warnings)), Names{"c"});
  EXPECT_EQ(warnings.size(), 1U);
}

TEST(Targets, RegressionReadsValues) {
  const HeadFacts facts = head({"a", "b"}, "regression");
  const auto targets = resolve(facts, {}, {}, {1, 2});
  EXPECT_EQ(labels_of(targets), (Names{"a", "b"}));
  EXPECT_EQ(targets[1].value(std::vector<float>{1, 2}, 2), 2);
  EXPECT_THROW(resolve(facts, {}, Output::probability, {1, 2}), UsageError);
}

TEST(Targets, OneLogit) {
  const std::vector<float> z{0.5F};
  const HeadFacts plain = head({"LABEL_0"});
  EXPECT_EQ(resolve(plain, {}, {}, z)[0].link, Link::identity);
  const Target shown = resolve(plain, {}, Output::probability, z)[0];
  EXPECT_EQ(shown.label, "LABEL_1");
  EXPECT_DOUBLE_EQ(shown.value(z, 1), sigmoid(0.5));
  const HeadFacts typed = head({"toxic"}, "single_label_classification");
  EXPECT_EQ(labels_of(resolve(typed, {"all"}, {}, z)), (Names{"not toxic", "toxic"}));
  EXPECT_DOUBLE_EQ(resolve(typed, {"0"}, {}, z)[0].value(z, 1), 1 - sigmoid(0.5));
  const auto prediction =
      std::get<ClassPrediction>(classify(typed, Task::sequence_classification, z));
  EXPECT_EQ(prediction.index, 1);
  EXPECT_EQ(prediction.logits, (std::vector<float>{-0.5F, 0.5F}));
}

TEST(FindTask, FollowsHeadAndProblemType) {
  const auto found = [](const HeadFacts& facts, std::optional<Task> wanted, bool pair) {
    return find_task(facts, wanted, pair);
  };
  EXPECT_EQ(found(emotions(), {}, false), Task::sequence_classification);
  EXPECT_EQ(found(emotions(), {}, true), Task::pair_classification);
  EXPECT_EQ(found(emotions(), Task::multi_label, false), Task::multi_label);
  EXPECT_EQ(found(emotions(), Task::sequence_classification, true), Task::pair_classification);
  EXPECT_EQ(found(head({"x"}), {}, false), Task::regression);
  EXPECT_EQ(found(head({"x"}), {}, true), Task::regression);
  EXPECT_EQ(found(head({"x"}, "single_label_classification"), {}, false),
            Task::sequence_classification);
  EXPECT_EQ(found(head({"x", "y"}, "multi_label_classification"), {}, false), Task::multi_label);
  EXPECT_EQ(found({HeadKind::masked_lm, 10}, {}, false), Task::masked_lm);
  EXPECT_EQ(found({HeadKind::question_answering, 2}, {}, true), Task::question_answering);
  EXPECT_EQ(found({HeadKind::token_classification, 5}, {}, false), Task::token_classification);
  EXPECT_EQ(found({HeadKind::replaced_token_detection, 1}, {}, false), Task::token_classification);
}

TEST(FindTask, RefusesWhatTheHeadCannotDo) {
  try {
    find_task(emotions(), Task::masked_lm, false);
    FAIL();
  } catch (const UsageError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("masked-lm"), std::string::npos);
    EXPECT_NE(message.find("sequence classification"), std::string::npos);
  }
  EXPECT_THROW(find_task({HeadKind::none, 0}, {}, false), UsageError);
  EXPECT_THROW(find_task({HeadKind::token_classification, 5}, Task::regression, false), UsageError);
  EXPECT_THROW(parse_task("sequence"), UsageError);
  EXPECT_EQ(parse_task("multi-label"), Task::multi_label);
}

}  // namespace
}  // namespace pellucid
