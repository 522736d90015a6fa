// SPDX-License-Identifier: Apache-2.0
// Tasks and methods on tiny models of several families: words narrower than hidden states,
// positions that depend on ids, heads that read the last token or the mean of all, two stacks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/tasks/explain.h"
#include "pellucid/tasks/predict.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

/// A recorded model with a vocabulary of 13 words.
Model with_words(const std::string& name) {
  const fs::path goldens = fs::path(PELLUCID_SOURCE_DIR) / "tests/goldens";
  const bool one_stack = fs::exists(goldens / "encoders" / name);
  const fs::path golden = goldens / (one_stack ? "encoders" : "seq2seq") / name;
  const fs::path folder = fs::path(testing::TempDir()) / ("families_" + name);
  fs::create_directories(folder);
  for (const char* file : {"config.json", "model.safetensors"}) {
    fs::copy_file(golden / file, folder / file, fs::copy_options::overwrite_existing);
  }
  std::ofstream(folder / "vocab.txt")
      << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\ngreen\nblue\nwarm\ncold\nsky\nsea\nsun\n";
  return Model::load(folder.string());
}

class Classifier : public testing::TestWithParam<const char*> {};

/// The scores of a path sum up to the change of the output: gradients, inputs put in place and
/// outputs belong together.
TEST_P(Classifier, IntegratedGradientsAreComplete) {
  const Model model = with_words(GetParam());
  ExplainOptions options;
  options.method = IntegratedGradients{.steps = 5000};  // random weights make rough functions
  options.output = Output::logit;
  const TargetExplanation target = explain(model, "warm sea red sun", options).targets.at(0);
  const double change = std::abs(*target.value - *target.baseline_value);
  EXPECT_GT(change, 1e-4);
  EXPECT_LT(*target.completeness_gap, 0.03 * change);
}

INSTANTIATE_TEST_SUITE_P(Families, Classifier,
                         testing::Values("bert-relative_key", "roberta-pad5", "albert-relative",
                                         "mobilebert-wide", "modernbert-biases", "deberta-absolute",
                                         "deberta-v2-own-keys", "xlnet-first", "xlnet-mean",
                                         "bart-classes"),
                         [](const auto& place) {
                           std::string name = place.param;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

TEST(ReplacedTokens, AreLabelledWithTheProbabilityOfTheLogit) {
  const Model model = with_words("electra-discriminator-relu");
  const auto found = std::get<TokensPrediction>(predict(model, {.text = "cold blue sky"}));
  ASSERT_EQ(found.tokens.size(), 5U);
  for (const TokenPrediction& token : found.tokens) {
    ASSERT_EQ(token.logits.size(), 2U);
    EXPECT_EQ(token.logits[0], 0);
    const double replaced = 1 / (1 + std::exp(-double{token.logits[1]}));
    EXPECT_EQ(token.label, replaced > 0.5 ? "replaced" : "original");
    EXPECT_NEAR(token.score, std::max(replaced, 1 - replaced), 1e-6);
  }
}

}  // namespace
}  // namespace pellucid
