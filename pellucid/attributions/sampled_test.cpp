// SPDX-License-Identifier: Apache-2.0
// Methods at noisy or random points, and paths other than the straight one, on a network that is
// smooth and small: exact equalities, completeness, honest errors, budgets, any batch.
#include "pellucid/attributions/discretized_ig.h"
#include "pellucid/attributions/gradient_shap.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/attributions/sequential_ig.h"
#include "pellucid/attributions/smooth_grad.h"
#include "pellucid/attributions/toy_test.h"
#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/product.h"

namespace pellucid {
namespace {

using toy::MethodRun;

const std::vector<std::int32_t> kIds{11, 7, 42, 23, 7, 31};
const Replacement kBaseline{.kind = Replacement::Kind::ids, .ids = {5, 5, 5, 5, 5, 5}};

const Model& model() {
  static const Model made = Model::from_parts(
      "smooth",
      std::make_unique<toy::SmoothNetwork>(
          Tokenizer::load(std::string(PELLUCID_SOURCE_DIR) + "/demo/demo-emotion")
              .vocabulary_size()),
      Tokenizer::load(std::string(PELLUCID_SOURCE_DIR) + "/demo/demo-emotion"), {"a", "b", "c"});
  return made;
}

std::vector<Target> targets(Output output = Output::logit) {
  return {{.index = 0, .output = output}, {.index = 2, .output = output}};
}

MethodRun run(const Method& method, const ExecutorOptions& options = {}, std::uint64_t seed = 0) {
  return toy::run(model(), method, kIds, targets(), options, seed);
}

void expect_equal(const std::vector<std::vector<double>>& a,
                  const std::vector<std::vector<double>>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t t = 0; t < a.size(); ++t) {
    for (std::size_t i = 0; i < a[t].size(); ++i) {
      EXPECT_NEAR(a[t][i], b[t][i], tolerance * (1e-12 + toy::largest(b[t]))) << t << " " << i;
    }
  }
}

TEST(SmoothGrad, WithoutNoiseIsSaliency) {
  expect_equal(run(SmoothGrad{.samples = 5, .noise = 0}).found.token_scores,
               run(Saliency{}).found.token_scores, 1e-6);
}

TEST(SmoothGrad, OfIntegratedGradientsWithoutNoiseIsThose) {
  expect_equal(run(SmoothGrad{.samples = 2,
                              .noise = 0,
                              .inner = Inner::integrated_gradients,
                              .steps = 9,
                              .baseline = kBaseline})
                   .found.token_scores,
               run(IntegratedGradients{.steps = 9, .baseline = kBaseline}).found.token_scores,
               1e-6);
}

/// Summed over coordinates: mean of squares = squared mean + biased variance.
TEST(SquareGrad, IsSquaredMeanPlusVariance) {
  for (const Inner inner : {Inner::gradient, Inner::input_x_gradient}) {
    const auto mean =
        run(SmoothGrad{.samples = 7, .inner = inner, .reduce = Reduce::l2}).found.token_scores;
    const auto square =
        run(SquareGrad{.samples = 7, .inner = inner, .reduce = Reduce::dot}).found.token_scores;
    const auto biased =
        run(VarGrad{.samples = 7, .inner = inner, .reduce = Reduce::dot, .biased = true})
            .found.token_scores;
    const auto unbiased =
        run(VarGrad{.samples = 7, .inner = inner, .reduce = Reduce::dot}).found.token_scores;
    for (std::size_t t = 0; t < mean.size(); ++t) {
      for (std::size_t i = 0; i < mean[t].size(); ++i) {
        EXPECT_NEAR(square[t][i], mean[t][i] * mean[t][i] + biased[t][i], 1e-9);
        EXPECT_NEAR(unbiased[t][i], biased[t][i] * 7 / 6, 1e-9);
      }
    }
  }
}

/// The mean over ten times as many draws lies within a few standard errors.
TEST(SmoothGrad, StandardErrorsAreHonest) {
  const SmoothGrad method{.noise = 0.2, .reduce = Reduce::dot};
  SmoothGrad many = method;
  many.samples = 4096;
  const auto exact = run(many, {}, 99).found.token_scores[0];
  double squares = 0;
  int count = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const MethodRun one = run(method, {}, seed);
    const Units units = toy::units_of(kIds.size());
    const auto errors =
        standard_errors(one.found.replicates, 0, Aggregate::sum, units, one.found.token_scores[0]);
    for (std::size_t i = 0; i < errors.size(); ++i) {
      ASSERT_GT(errors[i], 0);
      squares += std::pow((one.found.token_scores[0][i] - exact[i]) / errors[i], 2);
      ++count;
    }
  }
  const double deviation = std::sqrt(squares / count);
  EXPECT_GT(deviation, 0.8);
  EXPECT_LT(deviation, 1.4);  // Student's distribution with seven degrees of freedom: 1.18
}

TEST(GradientShap, IsCompleteInTheMeanAndItsErrorsAreHonest) {
  GradientShap method{.baseline = kBaseline};
  double squares = 0;
  int count = 0;
  const auto exact =
      run(IntegratedGradients{.steps = 50, .baseline = kBaseline}).found.token_scores[0];
  const Units units = toy::units_of(kIds.size());
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const MethodRun one = run(method, {}, seed);
    const auto& scores = one.found.token_scores[0];
    EXPECT_NEAR(toy::total(scores), one.values[0] - one.found.baseline_values[0],
                0.02 * std::abs(one.values[0] - one.found.baseline_values[0]));
    const auto errors = standard_errors(one.found.replicates, 0, Aggregate::sum, units, scores);
    for (std::size_t i = 0; i < errors.size(); ++i) {
      if (errors[i] == 0) continue;
      squares += std::pow((scores[i] - exact[i]) / errors[i], 2);
      ++count;
    }
  }
  const double deviation = std::sqrt(squares / count);
  EXPECT_GT(deviation, 0.8);
  EXPECT_LT(deviation, 1.25);
}

/// With several baselines: the mean of the integrated gradients from each.
TEST(GradientShap, SeveralBaselinesTakeTurns) {
  Replacement other = kBaseline;
  other.ids.assign(kIds.size(), 17);
  GradientShap method{.samples = 4000, .baselines = {kBaseline, other}};
  const MethodRun found = run(method);
  auto expected = run(IntegratedGradients{.steps = 50, .baseline = kBaseline}).found.token_scores;
  const auto second = run(IntegratedGradients{.steps = 50, .baseline = other}).found.token_scores;
  for (std::size_t t = 0; t < expected.size(); ++t) {
    for (std::size_t i = 0; i < kIds.size(); ++i) {
      expected[t][i] = (expected[t][i] + second[t][i]) / 2;
    }
  }
  expect_equal(found.found.token_scores, expected, 1e-2);
}

TEST(Tolerance, RoundsOf32UntilSettled) {
  const MethodRun loose = run(GradientShap{.baseline = kBaseline, .tolerance = 0.5});
  EXPECT_TRUE(loose.found.converged);
  EXPECT_EQ(loose.forwards, 64 + 1 + 1);
  const MethodRun never = run(GradientShap{
      .baseline = kBaseline, .noise_absolute = 3, .tolerance = 1e-6, .evaluations = 100});
  EXPECT_FALSE(never.found.converged);
  EXPECT_EQ(never.forwards, 100);
  EXPECT_EQ(never.warnings.size(), 1U);
  EXPECT_TRUE(run(SmoothGrad{.tolerance = 0.5}).found.converged);
}

TEST(SequentialIg, AUnitSumsToItsLeaveOneOutEffect) {
  const MethodRun found = run(SequentialIntegratedGradients{.steps = 12, .baseline = kBaseline});
  for (std::size_t i = 0; i < kIds.size(); ++i) {
    std::vector<std::int32_t> ids = kIds;
    ids[i] = kBaseline.ids[i];
    const MethodRun without = toy::run(model(), Saliency{}, ids, targets());
    for (std::size_t t = 0; t < 2; ++t) {
      EXPECT_NEAR(found.found.token_scores[t][i], found.values[t] - without.values[t], 1e-5);
    }
  }
}

TEST(DiscretizedIg, IsCompleteUnlessTheLeftEndsAreTaken) {
  for (const Anchor anchor : {Anchor::greedy, Anchor::maxcount}) {
    DiscretizedIntegratedGradients method{.anchor = anchor, .baseline = kBaseline};
    const MethodRun found = run(method);
    EXPECT_TRUE(found.found.complete);
    EXPECT_EQ(found.forwards, 29 * 5 + 2);
    for (std::size_t t = 0; t < 2; ++t) {
      const double change = found.values[t] - found.found.baseline_values[t];
      EXPECT_NEAR(toy::total(found.found.token_scores[t]), change, 1e-3 * std::abs(change) + 1e-5);
    }
    method.rule = SegmentRule::left;
    const MethodRun left = run(method);
    EXPECT_FALSE(left.found.complete);
    EXPECT_EQ(left.forwards, 29 + 1);
  }
}

TEST(Budget, BoundsModelRowsOfEveryMethod) {
  for (const std::int64_t budget : {40, 100}) {
    for (const Method& method :
         {Method(SmoothGrad{.evaluations = budget}), Method(VarGrad{.evaluations = budget}),
          Method(GradientShap{.baseline = kBaseline, .evaluations = budget}),
          Method(SmoothGrad{
              .inner = Inner::integrated_gradients, .baseline = kBaseline, .evaluations = budget}),
          Method(SequentialIntegratedGradients{.baseline = kBaseline, .evaluations = budget}),
          Method(DiscretizedIntegratedGradients{.baseline = kBaseline, .evaluations = budget})}) {
      const MethodRun found = run(method);
      EXPECT_LE(found.forwards, budget) << method.name();
      EXPECT_GT(found.forwards, budget / 2) << method.name();
    }
  }
  EXPECT_THROW(run(SmoothGrad{.evaluations = 1}), UsageError);
  EXPECT_EQ(run(SmoothGrad{.samples = 5, .evaluations = 100}).forwards, 6);
}

TEST(Options, ThatContradictEachOtherAreRefused) {
  EXPECT_THROW(Method(VarGrad{.samples = 1}), UsageError);
  EXPECT_THROW(Method(SmoothGrad{.baseline = kBaseline}), UsageError);
  EXPECT_THROW(Method(SmoothGrad{.samples = 5, .tolerance = 0.1}), UsageError);
  EXPECT_THROW(Method(SmoothGrad{.biased = true}), UsageError);
  EXPECT_THROW(Method(GradientShap{.noise = 0.1, .noise_absolute = 1}), UsageError);
}

TEST(Sampled, SameNumbersForAnyBatchAndThreadCount) {
  const std::vector<Method> methods{
      SmoothGrad{}, VarGrad{}, GradientShap{.baseline = kBaseline, .noise = 0.3},
      SequentialIntegratedGradients{.baseline = kBaseline},
      DiscretizedIntegratedGradients{.steps = 6, .baseline = kBaseline}};
  const int before = thread_count();
  for (const Method& method : methods) {
    const auto expected = run(method).found.token_scores;
    for (const std::int64_t batch : {1, 18, 384}) {
      for (const int threads : {1, 2}) {
        set_thread_count(threads);
        const auto found = run(method, {.batch_tokens = batch}).found.token_scores;
        if (rows_are_independent()) {
          EXPECT_EQ(found, expected) << method.name() << " " << batch << " " << threads;
        } else {
          expect_equal(found, expected, 1e-4);
        }
      }
    }
  }
  set_thread_count(before);
}

}  // namespace
}  // namespace pellucid
