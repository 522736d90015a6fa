// SPDX-License-Identifier: Apache-2.0
// What happens to texts that are too long, options that do not fit, and many items at once.
#include "pellucid/tasks/predict.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = PELLUCID_SOURCE_DIR;
const fs::path kShared = kSource / ".." / "shared";

Model demo() { return Model::load((kSource / "demo" / "demo-emotion").string()); }

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text + " ";
  return all;
}

std::string error_of(const Model& model, const Item& item, const PredictOptions& options) {
  try {
    predict(model, item, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Predict, LongTextsAreCutWithAWarningOrRefused) {
  const Model model = demo();
  std::vector<std::string> warnings;
  PredictOptions options;
  options.warn = [&](std::int64_t, const std::string& warning) { warnings.push_back(warning); };
  const Item item{.text = repeated("happy", 600)};
  predict(model, item, options);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("the first 510 of its 600 tokens are used, 90 are cut"),
            std::string::npos)
      << warnings[0];
  options.long_text = LongText::error;
  EXPECT_NE(error_of(model, item, options).find("602 tokens, expected at most 512"),
            std::string::npos);
  options.max_length = 700;
  EXPECT_NE(error_of(model, item, options).find("at most 512"), std::string::npos);
  options.max_length = 2;
  EXPECT_NE(error_of(model, item, options).find("at least 3"), std::string::npos);
}

TEST(Predict, EmptyTextsArePredicted) {
  const auto prediction = std::get<ClassPrediction>(predict(demo(), {.text = " "}));
  EXPECT_EQ(prediction.labels.size(), 6U);
}

TEST(Predict, OptionsThatDoNotFitAreRefusedBeforeAnyText) {
  PredictOptions options;
  options.task = Task::question_answering;
  bool asked = false;
  EXPECT_THROW(predict_stream(
                   demo(), options, [&](Item&) { return asked = true; },
                   [](std::int64_t, const Item&, const PredictResult&) {}),
               UsageError);
  EXPECT_FALSE(asked);
  options.task = Task::pair_classification;
  EXPECT_NE(error_of(demo(), {.text = "a"}, options).find("second text"), std::string::npos);
}

/// More items than are read at once, of unequal length: the same numbers as one by one, whatever
/// the batch.
TEST(Predict, StreamsGiveWhatSingleTextsGive) {
  const Model model = demo();
  const auto text = [](int i) { return repeated("i feel fine", 1 + i % 7) + std::to_string(i); };
  for (const std::int64_t batch_tokens : {0, 7}) {
    PredictOptions options;
    options.run.batch_tokens = batch_tokens;
    int read = 0, answered = 0;
    predict_stream(
        model, options,
        [&](Item& item) {
          item = {.text = text(read)};
          return read++ < 300;
        },
        [&](std::int64_t index, const Item& item, const PredictResult& result) {
          EXPECT_EQ(index, answered++);
          EXPECT_EQ(item.text, text(static_cast<int>(index)));
          if (index % 50 != 0) return;
          const auto& found = std::get<ClassPrediction>(std::get<Prediction>(result));
          EXPECT_EQ(found.logits, std::get<ClassPrediction>(predict(model, item)).logits);
        });
    EXPECT_EQ(answered, 300);
  }
}

TEST(Predict, FirstTextsOfTheEmotionTestSet) {
  std::ifstream file(kShared / "datasets" / "emotion" / "test.txt");
  if (!file) GTEST_SKIP() << "no data set";
  std::vector<std::string> gold;
  std::string line;
  std::getline(file, line);  // head
  int right = 0;
  predict_stream(
      demo(), {},
      [&](Item& item) {
        if (gold.size() == 500 || !std::getline(file, line)) return false;
        item.text = line.substr(0, line.rfind(';'));
        gold.push_back(line.substr(line.rfind(';') + 1));
        return true;
      },
      [&](std::int64_t index, const Item&, const PredictResult& result) {
        const auto& found = std::get<ClassPrediction>(std::get<Prediction>(result));
        right += found.labels[static_cast<std::size_t>(found.index)] ==
                 gold[static_cast<std::size_t>(index)];
      });
  EXPECT_EQ(right, 450);
}

TEST(Predict, LongContextsAreSearchedInWindows) {
  const fs::path folder = kShared / "models" / "minilm-qa";
  if (!fs::exists(folder)) GTEST_SKIP() << "no model";
  const Model model = Model::load(folder.string());
  const std::string fact = "Nikola Tesla was born in 1856 in the village of Smiljan.";
  Item item{.text = "Where was Nikola Tesla born?"};
  item.pair = repeated("The dogs run through a green field.", 100) + fact;
  const auto far = std::get<AnswerPrediction>(predict(model, item));
  ASSERT_FALSE(far.candidates.empty());
  EXPECT_EQ(far.candidates.front().answer, "1856");
  EXPECT_GE(far.candidates.front().span.start, 3600);
  PredictOptions options;
  options.long_text = LongText::truncate;
  const auto cut = std::get<AnswerPrediction>(predict(model, item, options));
  EXPECT_NE(cut.candidates.front().answer, "1856");
  EXPECT_NE(error_of(model, {.text = "who"}, {}).find("context"), std::string::npos);
  item.text = repeated("who", 400);
  EXPECT_NE(error_of(model, item, {}).find("question has 400 tokens, expected at most 352"),
            std::string::npos);
}

TEST(Predict, LongTextsAreLabelledInWindows) {
  const fs::path folder = kShared / "models" / "minilm-ner";
  if (!fs::exists(folder)) GTEST_SKIP() << "no model";
  const Model model = Model::load(folder.string());
  Item item{.text = repeated("It rained all day and nothing happened.", 100) +
                    "Barack Obama was born in Honolulu."};
  const auto found = std::get<TokensPrediction>(predict(model, item));
  ASSERT_FALSE(found.entities.empty());
  EXPECT_EQ(found.entities.back().text, "Honolulu");
  EXPECT_EQ(found.tokens.back().token, "[SEP]");
  item.pair = "x";
  EXPECT_NE(error_of(model, item, {}).find("expected one text"), std::string::npos);
}

}  // namespace
}  // namespace pellucid
