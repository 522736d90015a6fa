// SPDX-License-Identifier: Apache-2.0
// Integrated gradients that place their own points, against two hundred.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/tasks/explain.h"

namespace pellucid {
namespace {

constexpr double kTolerance = 0.01;

const std::vector<std::string> kTexts = {
    "I can't stop smiling, what a wonderful day",
    "i feel like nobody at work even notices that i am gone",
    "How dare they raise the price again without saying a word to anyone?",
    "I was terrified when the lights went out and something moved behind the door."};

Explanation run(const std::string& text, const std::vector<std::string>& targets,
                const IntegratedGradients& method) {
  static const Model model = Model::bundled();
  return explain(model, text, {.targets = targets, .method = method});
}

/// Scores of each target within the tolerance of the largest, gaps within that of the change.
void expect_settled(const Explanation& found, const Explanation& reference) {
  EXPECT_TRUE(found.converged) << found.text;
  for (std::size_t t = 0; t < reference.targets.size(); ++t) {
    const TargetExplanation& target = found.targets[t];
    const std::vector<double>& expected = reference.targets[t].scores;
    double largest = 0, difference = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      difference = std::max(difference, std::abs(target.scores[i] - expected[i]));
    }
    EXPECT_LE(difference, kTolerance * largest) << found.text << ", target " << t;
    const double change = std::abs(*target.value - *target.baseline_value);
    EXPECT_LE(std::abs(*target.completeness_gap), kTolerance * std::max(change, 0.01))
        << found.text;
  }
}

TEST(AdaptiveIntegral, SettlesNearManyPoints) {
  std::int64_t evaluations = 0;
  for (const std::string& text : kTexts) {
    const Explanation found = run(text, {}, {.tolerance = kTolerance});
    expect_settled(found, run(text, {}, {.steps = 200}));
    evaluations += found.vjps;
  }
  EXPECT_LE(evaluations, 30 * static_cast<std::int64_t>(kTexts.size()));
}

TEST(AdaptiveIntegral, SettlesForAllTargetsAtOnce) {
  const Explanation found = run(kTexts[0], {"all"}, {.tolerance = kTolerance});
  expect_settled(found, run(kTexts[0], {"all"}, {.steps = 200}));
}

/// A tighter tolerance costs more and errs less.
TEST(AdaptiveIntegral, FollowsItsTolerance) {
  const Explanation loose = run(kTexts[3], {}, {.tolerance = 0.05});
  const Explanation tight = run(kTexts[3], {}, {.tolerance = 1e-4});
  EXPECT_LT(loose.vjps, tight.vjps);
  EXPECT_LT(std::abs(*tight.targets[0].completeness_gap), 1e-4);
}

/// What cannot be reached is said.
TEST(AdaptiveIntegral, SaysWhenItHasNotSettled) {
  const Explanation found = run("so sad", {}, {.tolerance = 1e-14});
  EXPECT_FALSE(found.converged);
  EXPECT_LE(found.vjps, 257);
}

}  // namespace
}  // namespace pellucid
