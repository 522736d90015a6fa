// SPDX-License-Identifier: Apache-2.0
// Trained models against the reference values that come with them: encodings, logits, answers, and
// gradients with respect to the word embeddings. Reference: float32 on one text at a time, so
// logits may differ by a small multiple of the rounding noise that it states.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pellucid/evaluator/executor.h"
#include "pellucid/io/safetensors.h"
#include "pellucid/tasks/encode.h"
#include "pellucid/tasks/predict.h"

namespace pellucid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

// Sums run in another order here than in the reference, whose stated noise is that of one order:
// the largest difference found is 6 times as large.
constexpr double kNoiseFactor = 8;

/// A model's folder and the folder with its golden.json; both empty when they are not there.
struct Place {
  std::string model;
  fs::path golden;
};

Place find_place(const std::string& name) {
  const fs::path source = PELLUCID_SOURCE_DIR;
  const std::vector<std::pair<fs::path, fs::path>> places{
      {source / "demo" / name, source / "tests" / "goldens" / "models" / name},
      {source / ".." / "shared" / "models" / name, source / ".." / "shared" / "models" / name}};
  for (const auto& [model, golden] : places) {
    if (fs::exists(model / "config.json") && fs::exists(golden / "golden.json")) {
      return {model.lexically_normal().string(), golden};
    }
  }
  return {};
}

Json read_json(const fs::path& path) { return Json::parse(std::ifstream(path)); }

Item item_of(const Json& test) {
  Item item;
  item.text = test.at("text").get<std::string>();
  if (test.contains("pair")) item.pair = test.at("pair").get<std::string>();
  return item;
}

void expect_near(const std::vector<float>& found, const Json& expected, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i].get<double>(), tolerance) << what << " " << i;
  }
}

void expect_encoding(const Encoding& encoding, const Json& test) {
  EXPECT_EQ(encoding.ids(), test.at("input_ids").get<std::vector<std::int32_t>>());
  for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
    const Token& token = encoding.tokens[i];
    EXPECT_EQ(token.text, test.at("tokens")[i].get<std::string>());
    EXPECT_EQ(token.span.start, test.at("offsets")[i][0].get<std::int64_t>()) << token.text;
    EXPECT_EQ(token.span.end, test.at("offsets")[i][1].get<std::int64_t>()) << token.text;
  }
  if (!test.contains("token_type_ids")) return;
  EXPECT_EQ(encoding.types(), test.at("token_type_ids").get<std::vector<std::int32_t>>());
}

/// Probabilities move at most half as much as the logits do.
void expect_prediction(const ClassPrediction& found, const Json& test, double tolerance) {
  expect_near(found.logits, test.at("logits"), tolerance, "logit");
  for (std::size_t i = 0; i < found.probabilities.size(); ++i) {
    EXPECT_NEAR(found.probabilities[i], test.at("probabilities")[i].get<double>(), tolerance);
  }
  EXPECT_EQ(found.labels[static_cast<std::size_t>(found.index)],
            test.at("predicted").get<std::string>());
}

void expect_prediction(const MultiLabelPrediction& found, const Json& test, double tolerance) {
  expect_near(found.logits, test.at("logits"), tolerance, "logit");
  for (std::size_t i = 0; i < found.probabilities.size(); ++i) {
    EXPECT_NEAR(found.probabilities[i], test.at("probabilities")[i].get<double>(), tolerance);
  }
  std::vector<std::int64_t> by_index = found.predicted;
  std::sort(by_index.begin(), by_index.end());
  std::vector<std::string> predicted;
  for (const std::int64_t i : by_index) {
    predicted.push_back(found.labels[static_cast<std::size_t>(i)]);
  }
  EXPECT_EQ(predicted, test.at("predicted").get<std::vector<std::string>>());
}

void expect_prediction(const TokensPrediction& found, const Json& test, double tolerance) {
  ASSERT_EQ(found.tokens.size(), test.at("logits").size());
  for (std::size_t t = 0; t < found.tokens.size(); ++t) {
    const TokenPrediction& token = found.tokens[t];
    expect_near(token.logits, test.at("logits")[t], tolerance, token.token);
    EXPECT_EQ(token.label, test.at("predicted")[t].get<std::string>()) << token.token;
    EXPECT_NEAR(token.score,
                test.at("probabilities")[t][static_cast<std::size_t>(token.index)].get<double>(),
                tolerance);
  }
}

void expect_prediction(const AnswerPrediction& found, const Json& test, double /*tolerance*/) {
  ASSERT_FALSE(found.candidates.empty());
  const Answer& answer = found.candidates.front();
  EXPECT_EQ(answer.answer, test.at("answer").at("text").get<std::string>());
  EXPECT_EQ(answer.span.start, test.at("answer").at("start").get<std::int64_t>());
  EXPECT_EQ(answer.span.end, test.at("answer").at("end").get<std::int64_t>());
}

void expect_prediction(const RegressionPrediction&, const Json&, double) { FAIL(); }
void expect_prediction(const MaskedPrediction&, const Json&, double) { FAIL(); }

/// "logits[2]", "logits[10,4]" (position, class), "start_logits[21]" (position).
Target read_target(const std::string& text) {
  Target target;
  target.output = Output::logit;
  const std::size_t open = text.find('[');
  const std::size_t comma = text.find(',');
  const std::int64_t first = std::stoll(text.substr(open + 1));
  if (text.rfind("start_logits", 0) == 0) {
    target.index = 0;
    target.positions = {first};
  } else if (comma != std::string::npos) {
    target.index = std::stoll(text.substr(comma + 1));
    target.positions = {first};
  } else {
    target.index = first;
  }
  return target;
}

/// Logits of all positions, and the gradient of one target: [tokens * hidden].
struct Answered {
  std::vector<float> logits;
  std::vector<float> gradient;
};

Answered run(const Model& model, const Sequence& input, const std::vector<Target>& targets) {
  Answered answered;
  Work work;
  work.probes = 1;
  work.input = [&](std::int64_t) -> const Sequence& { return input; };
  work.targets = &targets;
  work.gradients = !targets.empty();
  work.deliver = [&](std::int64_t, const Answers& answers) {
    answered.logits.assign(answers.logits.begin(), answers.logits.end());
    if (!answers.gradients) return;
    for (std::int64_t t = 0; t < answers.gradients->tokens; ++t) {
      const float* row = answers.gradients->row(0, t);
      answered.gradient.insert(answered.gradient.end(), row, row + answers.gradients->hidden);
    }
  };
  DirectExecutor(model.network(), {}).run({&work, 1});
  return answered;
}

/// Relative to the largest entry: the gradient's noise is not stated, so that of float32 sums.
void expect_gradient(const std::vector<float>& found, const TensorView& golden) {
  const std::vector<float> expected = golden.floats();
  ASSERT_EQ(found.size(), expected.size());
  double largest = 0, worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    worst = std::max(worst, std::abs(static_cast<double>(found[i]) - expected[i]));
  }
  EXPECT_LE(worst, 1e-5 * largest) << golden.name;
}

void expect_answer_logits(const std::vector<float>& logits, const Json& test, double tolerance) {
  std::vector<float> start, end;
  for (std::size_t i = 0; i < logits.size(); i += 2) {
    start.push_back(logits[i]);
    end.push_back(logits[i + 1]);
  }
  expect_near(start, test.at("start_logits"), tolerance, "start logit");
  expect_near(end, test.at("end_logits"), tolerance, "end logit");
}

class GoldenModel : public testing::TestWithParam<const char*> {};

TEST_P(GoldenModel, AnswersAsRecorded) {
  const Place place = find_place(GetParam());
  if (place.model.empty()) GTEST_SKIP() << "no " << GetParam() << " with golden.json";
  const Model model = Model::load(place.model);
  const Json golden = read_json(place.golden / "golden.json");
  const SafetensorsFile gradients =
      SafetensorsFile::open((place.golden / "golden.safetensors").string());
  const double tolerance = kNoiseFactor * golden.at("float32_noise").get<double>() + 1e-6;
  std::size_t index = 0;
  for (const Json& test : golden.at("cases")) {
    const Item item = item_of(test);
    SCOPED_TRACE(item.text);
    std::vector<std::string> warnings;
    const Encoding encoding = encode_item(model, item, LongText::error, {}, warnings);
    expect_encoding(encoding, test);
    std::visit([&](const auto& found) { expect_prediction(found, test, tolerance); },
               predict(model, item));
    const Sequence input = make_sequence(model, encoding);
    if (test.contains("start_logits")) {
      expect_answer_logits(run(model, input, {}).logits, test, tolerance);
    }
    if (test.contains("gradient")) {
      const auto target = read_target(test.at("gradient").at("target").get<std::string>());
      expect_gradient(run(model, input, {target}).gradient,
                      gradients.at("gradients." + std::to_string(index)));
    }
    ++index;
  }
}

/// The same texts in one stream, packed together, with one that cannot be predicted among them.
TEST_P(GoldenModel, StreamsInOrderAndSkipsWhatFails) {
  const Place place = find_place(GetParam());
  if (place.model.empty()) GTEST_SKIP() << "no " << GetParam() << " with golden.json";
  const Model model = Model::load(place.model);
  const Json golden = read_json(place.golden / "golden.json");
  const double tolerance = kNoiseFactor * golden.at("float32_noise").get<double>() + 1e-6;
  std::vector<Json> cases = golden.at("cases").get<std::vector<Json>>();
  Json broken = cases.front();
  broken["text"] = "\xff";
  cases.insert(cases.begin() + 1, broken);
  std::size_t read = 0;
  std::int64_t answered = 0;
  predict_stream(
      model, {},
      [&](Item& item) {
        if (read == cases.size()) return false;
        item = item_of(cases[read++]);
        return true;
      },
      [&](std::int64_t index, const Item& item, const PredictResult& result) {
        EXPECT_EQ(index, answered++);
        const Json& test = cases[static_cast<std::size_t>(index)];
        EXPECT_EQ(item.text, test.at("text").get<std::string>());
        EXPECT_EQ(std::holds_alternative<std::string>(result), index == 1);
        if (index == 1 || std::holds_alternative<std::string>(result)) return;
        std::visit([&](const auto& found) { expect_prediction(found, test, tolerance); },
                   std::get<Prediction>(result));
      });
  EXPECT_EQ(answered, static_cast<std::int64_t>(cases.size()));
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenModel,
                         testing::Values("demo-emotion", "minilm-sst2", "minilm-nli", "minilm-ner",
                                         "minilm-qa", "minilm-goemotions"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace pellucid
