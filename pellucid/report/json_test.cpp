// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/report/samples_test.h"

namespace pellucid {
namespace {

using Json = nlohmann::ordered_json;

/// The worked example of the schema: every field, in the order of the contract.
const char* const kExample =
    R"({"id":null,"model":"demo-emotion","task":"sequence-classification","text":"I love it.","pair":null,)"
    R"("prediction":{"label":"love","index":2,"probability":0.93,"logits":[0.1,0.4,3.5],)"
    R"("probabilities":[0.031,0.039,0.93],"labels":["sadness","joy","love"]},)"
    R"("tokens":[{"id":101,"token":"[CLS]","start":null,"end":null,"special":true,"segment":0,"unit":null},)"
    R"({"id":1045,"token":"i","start":0,"end":1,"special":false,"segment":0,"unit":0},)"
    R"({"id":2293,"token":"love","start":2,"end":6,"special":false,"segment":0,"unit":1},)"
    R"({"id":2009,"token":"it","start":7,"end":9,"special":false,"segment":0,"unit":2},)"
    R"({"id":1012,"token":".","start":9,"end":10,"special":false,"segment":0,"unit":3},)"
    R"({"id":102,"token":"[SEP]","start":null,"end":null,"special":true,"segment":0,"unit":null}],)"
    R"("unit":"word","units":[{"text":"I","start":0,"end":1,"segment":0,"tokens":[1]},)"
    R"({"text":"love","start":2,"end":6,"segment":0,"tokens":[2]},)"
    R"({"text":"it","start":7,"end":9,"segment":0,"tokens":[3]},)"
    R"({"text":".","start":9,"end":10,"segment":0,"tokens":[4]}],)"
    R"("targets":[{"label":"love","index":2,"position":null,"output":"probability","value":0.93,)"
    R"("baseline_value":0.11,"signed":true,"scores":[0.02,0.75,0.06,-0.01],)"
    R"("token_scores":[0.0,0.02,0.75,0.06,-0.01,0.0],"standard_errors":null,"unassigned":0.0,)"
    R"("sum":0.82,"completeness_gap":0.0,"relative_gap":0.0}],)"
    R"("method":{"name":"integrated-gradients","preset":null,"parameters":{"steps":32,"rule":"gauss-legendre",)"
    R"("baseline":"pad","reduce":"dot","aggregate":"sum","normalize":"none","layer":"embeddings"}},)"
    R"("evaluations":34,"converged":true,"precision":"f32","seed":0,"forwards":34,"vjps":32,)"
    R"("seconds":0.012,"warnings":[],"version":"0.1.0"})";

TEST(Json, TheWorkedExampleSurvivesUnchanged) {
  EXPECT_EQ(to_json(explanation_from_json(kExample)), kExample);
}

TEST(Json, EverySampleRoundTrips) {
  for (const Explanation& sample :
       {report::samples::afraid(), report::samples::afraid_all_classes(),
        report::samples::review(false), report::samples::pair(), report::samples::chinese(),
        report::samples::arabic(), report::samples::hostile()}) {
    const std::string line = to_json(sample);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const Explanation back = explanation_from_json(line);
    EXPECT_EQ(to_json(back), line);
    EXPECT_EQ(back.text, sample.text);
    EXPECT_EQ(back.pair, sample.pair);
    ASSERT_EQ(back.targets.size(), sample.targets.size());
    EXPECT_EQ(back.targets.front().scores, sample.targets.front().scores);
    EXPECT_EQ(back.method.parameters, sample.method.parameters);
    EXPECT_EQ(std::get<ClassPrediction>(back.prediction).logits,
              std::get<ClassPrediction>(sample.prediction).logits);
  }
}

TEST(Json, NumbersReadBackToTheSameBits) {
  Explanation explanation = report::samples::afraid();
  auto& scores = explanation.targets.front().scores;
  scores = {0.1, 1.0 / 3, -0.0, 5e-324, 1.7976931348623157e308, 1e22, 123456789012345680.0,
            2.0, 1e-7};
  auto& logits = std::get<ClassPrediction>(explanation.prediction).logits;
  logits = {0.1f, 16777217.0f, 1e-45f, 3.4028235e38f, -0.0f, 1.0f / 3};
  const Explanation back = explanation_from_json(to_json(explanation));
  EXPECT_EQ(back.targets.front().scores, scores);
  EXPECT_TRUE(std::signbit(back.targets.front().scores[2]));
  EXPECT_EQ(std::get<ClassPrediction>(back.prediction).logits, logits);
  EXPECT_NE(to_json(explanation).find("[0.1,16777216.0,1e-45,"), std::string::npos);
}

TEST(Json, WhatIsNotFiniteIsNull) {
  Explanation explanation = report::samples::afraid();
  auto& target = explanation.targets.front();
  target.scores[0] = std::nan("");
  target.scores[1] = std::numeric_limits<double>::infinity();
  target.value = std::nan("");
  target.unassigned = std::nan("");
  const Json json = Json::parse(to_json(explanation));
  EXPECT_TRUE(json["targets"][0]["scores"][0].is_null());
  EXPECT_TRUE(json["targets"][0]["scores"][1].is_null());
  EXPECT_TRUE(json["targets"][0]["value"].is_null());
  EXPECT_FALSE(json["targets"][0].contains("unassigned"));
  EXPECT_TRUE(std::isnan(explanation_from_json(json.dump()).targets.front().scores[0]));
}

TEST(Json, TheIdIsCopiedAndMustBeJson) {
  Explanation explanation = report::samples::afraid();
  explanation.id = "\"a \\u00e9\"";
  EXPECT_EQ(Json::parse(to_json(explanation))["id"], "a é");
  explanation.id = "17, \"model\": 3";
  EXPECT_THROW(to_json(explanation), Error);
}

TEST(Json, StringsStayOnOneLineAndValid) {
  Explanation explanation = report::samples::afraid();
  explanation.warnings = {"line\nend \xe2\x80\xa8 \xc2\x85 quote\" back\\ nul" +
                          std::string(1, '\0') + " bad\xff"};
  const std::string line = to_json(explanation);
  for (const char* forbidden : {"\n", "\xe2\x80\xa8", "\xc2\x85", "\xff"}) {
    EXPECT_EQ(line.find(forbidden), std::string::npos);
  }
  EXPECT_EQ(explanation_from_json(line).warnings.front().substr(0, 8), "line\nend");
}

TEST(Json, DefectsAreNamed) {
  const auto message = [](const std::string& line) -> std::string {
    try {
      explanation_from_json(line);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  const auto changed = [&](const std::string& pointer, const Json& value) {
    Json json = Json::parse(kExample);
    json[Json::json_pointer(pointer)] = value;
    return message(json.dump());
  };
  EXPECT_EQ(message("{"), "explanation: no JSON: error at byte 2");
  EXPECT_EQ(message("[]"), "explanation: found array, expected an object");
  EXPECT_EQ(message("{}"), "explanation: id is missing");
  EXPECT_EQ(changed("/targets/0/scores", {1}),
            "explanation: targets.scores has 1 numbers, expected one for each of the 4 units");
  EXPECT_NE(changed("/targets/0/scores/1", "x"), "");
  EXPECT_NE(changed("/targets/0/token_scores", {1}), "");
  EXPECT_NE(changed("/units/0/tokens", {99}), "");
  EXPECT_NE(changed("/units/0/tokens", "x"), "");
  EXPECT_NE(changed("/units/0/end", 4000), "");
  EXPECT_NE(changed("/units/0/start", -1), "");
  EXPECT_NE(changed("/units/0/segment", 7), "");
  EXPECT_NE(changed("/prediction/index", 9), "");
  EXPECT_NE(changed("/prediction/labels", {"one"}), "");
  EXPECT_NE(changed("/task", "sequence-clasification"), "");
  EXPECT_NE(changed("/text", 5), "");
  EXPECT_NE(changed("/tokens", 5), "");
  EXPECT_NE(changed("/method/parameters", 5), "");
}

TEST(Json, PredictionsOfEveryTask) {
  const auto round_trip = [](const Prediction& prediction, Task task) {
    Explanation explanation = report::samples::afraid();
    explanation.task = task;
    explanation.prediction = prediction;
    const std::string json = prediction_json(prediction, task);
    EXPECT_EQ(prediction_json(explanation_from_json(to_json(explanation)).prediction, task), json);
    return json;
  };
  EXPECT_EQ(
      round_trip(MultiLabelPrediction{0, {2.3f, -4}, {0.91, 0.02}, {"joy", "fear"}, {0}},
                 Task::multi_label),
      R"({"label":"joy","index":0,"probability":0.91,"logits":[2.3,-4.0],"probabilities":[0.91,0.02],)"
      R"("labels":["joy","fear"],"predicted":["joy"]})");
  EXPECT_EQ(round_trip(RegressionPrediction{{1.42}, {}}, Task::regression), R"({"values":[1.42]})");
  EXPECT_EQ(
      round_trip(TokensPrediction{{{"LOC", 0.98, {0, 5}, "Paris", {1}}},
                                  {{"paris", "B-LOC", 3, 0.98, Span{0, 5}, {0.5f, 4}}}},
                 Task::token_classification),
      R"({"entities":[{"label":"LOC","score":0.98,"start":0,"end":5,"text":"Paris","tokens":[1]}],)"
      R"("tokens":[{"token":"paris","label":"B-LOC","index":3,"score":0.98,"start":0,"end":5,)"
      R"("logits":[0.5,4.0]}]})");
  EXPECT_EQ(
      round_trip(
          AnswerPrediction{{{"Emmanuel Macron", {0, 15}, 0.97}, {"Macron", {9, 15}, 0.02}}, 0.001},
          Task::question_answering),
      R"({"answer":"Emmanuel Macron","start":0,"end":15,"score":0.97,)"
      R"("candidates":[{"answer":"Macron","start":9,"end":15,"score":0.02}],"no_answer_score":0.001})");
  EXPECT_EQ(
      round_trip(AnswerPrediction{}, Task::question_answering),
      R"({"answer":"","start":null,"end":null,"score":null,"candidates":[],"no_answer_score":null})");
  EXPECT_EQ(round_trip(MaskedPrediction{{{{"capital", 3007, 0.99}}}}, Task::masked_lm),
            R"({"masks":[[{"token":"capital","id":3007,"probability":0.99}]]})");
  EXPECT_EQ(round_trip(ClassPrediction{}, Task::sequence_classification), "null");
}

TEST(Json, PredictLineAndTokenizeLine) {
  EXPECT_EQ(
      prediction_line_json("17", "a \"b\"", std::nullopt, Task::regression,
                           RegressionPrediction{{0.5}, {}}),
      R"({"id":17,"text":"a \"b\"","pair":null,"task":"regression","prediction":{"values":[0.5]}})");
  Encoding encoding;
  encoding.tokens = {{101, "[CLS]", {0, 0}, std::nullopt, 0, 0, true},
                     {2293, "love", {2, 6}, 1, 0, 0, false}};
  encoding.overflowing = {Encoding{{{7, "x", {0, 1}, 0, 1, 1, false}}, {}, 0}};
  EXPECT_EQ(
      encoding_json("null", "I love", std::nullopt, encoding),
      R"({"text":"I love","pair":null,"ids":[101,2293],"tokens":["[CLS]","love"],"offsets":[[0,0],[2,6]],)"
      R"("word_ids":[null,1],"special_tokens_mask":[1,0],"type_ids":[0,0],"attention_mask":[1,1],)"
      R"("overflowing":[{"ids":[7],"tokens":["x"],"offsets":[[0,1]],"word_ids":[0],)"
      R"("special_tokens_mask":[0],"type_ids":[1],"attention_mask":[1],"overflowing":[]}]})");
}

TEST(Json, TargetsOfTokenClassificationCarryTheirCharacters) {
  Explanation explanation = report::samples::afraid();
  explanation.task = Task::token_classification;
  explanation.prediction = TokensPrediction{};
  explanation.targets.front().target.positions = {2, 3};
  const Json target = Json::parse(to_json(explanation))["targets"][0];
  EXPECT_EQ(target["position"], Json({2, 3}));
  EXPECT_EQ(target["start"], 2);
  EXPECT_EQ(target["end"], 11);
}

}  // namespace
}  // namespace pellucid
