// SPDX-License-Identifier: Apache-2.0
// What bf16 products do to explanations of a trained model.
#include "pellucid/ops/precision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/base/error.h"
#include "pellucid/ops/product.h"
#include "pellucid/tasks/explain.h"

namespace pellucid {
namespace {

const std::vector<std::string> kTexts = {
    "I can't stop smiling, what a wonderful day",
    "i feel so alone since she left and nothing helps anymore",
    "Why did nobody tell me? I am furious about the way they treated him."};

/// Largest difference between scores in `precision` and in f32, as a share of the largest score.
double distance(const Method& method, Precision precision) {
  static const Model model = Model::bundled();
  double worst = 0;
  for (const std::string& text : kTexts) {
    const auto scores = [&](Precision used) {
      const Explanation explanation =
          explain(model, text, {.method = method, .run = {.precision = used}});
      EXPECT_EQ(explanation.precision, name(used));
      return explanation.targets.front().scores;
    };
    const std::vector<double> expected = scores(Precision::f32);
    const std::vector<double> found = scores(precision);
    double largest = 0, difference = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      difference = std::max(difference, std::abs(expected[i] - found[i]));
    }
    worst = std::max(worst, difference / largest);
  }
  return worst;
}

class PrecisionOfScores : public testing::Test {
 protected:
  void SetUp() override {
    if (bf16_products() == Bf16Products::none) GTEST_SKIP() << "no bf16 products";
  }
};

TEST_F(PrecisionOfScores, Bf16x3IsF32ForExplanations) {
  EXPECT_LT(distance(IntegratedGradients{.steps = 20}, Precision::bf16x3), 1e-4);
  EXPECT_LT(distance(Occlusion{}, Precision::bf16x3), 1e-4);
}

TEST_F(PrecisionOfScores, Bf16IsNear) {
  const double gradients = distance(IntegratedGradients{.steps = 20}, Precision::bf16);
  EXPECT_LT(gradients, 0.1);
  EXPECT_GT(gradients, 1e-4) << "bf16 products were not used";
}

/// The environment stands in for a choice that is not made.
TEST(PrecisionChoice, NamesAndEnvironment) {
  EXPECT_EQ(parse_precision("bf16x3"), Precision::bf16x3);
  EXPECT_THROW(parse_precision("f16"), UsageError);
  ASSERT_EQ(setenv("PELLUCID_PRECISION", "f32", 1), 0);
  EXPECT_EQ(effective_precision(Precision::automatic), Precision::f32);
  ASSERT_EQ(setenv("PELLUCID_PRECISION", "double", 1), 0);
  EXPECT_THROW(effective_precision(Precision::automatic), UsageError);
  ASSERT_EQ(unsetenv("PELLUCID_PRECISION"), 0);
  const bool tiles = bf16_products() == Bf16Products::tiles;
  EXPECT_EQ(effective_precision(Precision::automatic), tiles ? Precision::bf16x3 : Precision::f32);
  ASSERT_EQ(setenv("PELLUCID_PRECISION", "f32", 1), 0);
}

/// Another library's numbers are wanted exactly.
TEST(PrecisionChoice, PresetsAreF32UnlessTheUserSaysOtherwise) {
  ASSERT_EQ(unsetenv("PELLUCID_PRECISION"), 0);
  const Explanation explanation =
      explain(Model::bundled(), kTexts.front(), {.preset = Preset::transformers_interpret});
  EXPECT_EQ(explanation.precision, "f32");
  ASSERT_EQ(setenv("PELLUCID_PRECISION", "f32", 1), 0);
}

}  // namespace
}  // namespace pellucid
