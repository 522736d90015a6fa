// SPDX-License-Identifier: Apache-2.0
// Methods against captum's numbers (float32) and against exact computation in float64.
#include "pellucid/tasks/peers_test.h"

#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/tasks/explain.h"

namespace pellucid {
namespace {

using peers::Json;

constexpr double kPeer = 3e-4;    // of the largest score
constexpr double kOracle = 1e-3;  // of the largest score

Explanation explain_as(const Json& test, const std::string& output, const Method& method,
                       std::optional<Unit> unit = Unit::all_tokens) {
  const Model* model = peers::find_model(test.at("model").get<std::string>());
  check(model != nullptr, "no model {}", test.at("model").dump());
  ExplainOptions options;
  options.method = method;
  options.unit = unit;
  options.output = parse_output(output);
  options.targets = {std::to_string(test.at("target").get<int>())};
  Explanation found = explain(*model, test.at("text").get<std::string>(), options);
  EXPECT_EQ(peers::ids(found.tokens), test.at("input_ids").get<std::vector<std::int32_t>>());
  return found;
}

std::vector<double> scores_of(const Json& test, const Method& method) {
  return explain_as(test, test.at("output").get<std::string>(), method).targets.at(0).scores;
}

Rule rule_of(const std::string& name) {
  if (name == "gausslegendre") return Rule::gauss_legendre;
  if (name == "riemann_trapezoid") return Rule::trapezoid;
  std::string ours = name;
  std::replace(ours.begin(), ours.end(), '_', '-');
  return parse_rule(ours);
}

void expect_integrated_gradients(const Json& test) {
  IntegratedGradients method{.steps = test.at("steps").get<int>(),
                             .rule = rule_of(test.at("rule").get<std::string>())};
  method.baseline = {.kind = Replacement::Kind::ids,
                     .ids = test.at("baseline_ids").get<std::vector<std::int32_t>>()};
  // Captum's trapezoid weighs its n points with 1/n and half of that at the ends, which sums to
  // (n - 1) / n; the interval's length is 1.
  const double points = method.steps;
  const double factor = method.rule == Rule::trapezoid ? (points - 1) / points : 1;
  const auto expected = test.at("per_token").get<std::vector<double>>();
  const Explanation found = explain_as(test, test.at("output").get<std::string>(), method);
  const TargetExplanation& target = found.targets.at(0);
  std::vector<double> scores = target.scores;
  for (double& score : scores) score *= factor;
  EXPECT_LE(peers::error(scores, expected), kPeer);
  double largest = 1;
  for (const double score : expected) largest = std::max(largest, std::abs(score));
  const double gap = *target.sum * factor - (*target.value - *target.baseline_value);
  EXPECT_NEAR(gap, test.at("delta").get<double>(), kPeer * largest);

  if (method.steps > 5 && test.at("baseline") == "pad") return;  // enough for the other reduction
  method.reduce = Reduce::l2;
  scores = scores_of(test, method);
  for (double& score : scores) score *= factor;
  EXPECT_LE(peers::error(scores, test.at("l2_per_token").get<std::vector<double>>()), kPeer);
}

/// Saliency (signed) and input x gradient in three reductions.
template <class M>
void expect_gradient(const Json& test, double smallest_sum) {
  for (const auto& [reduce, key] : {std::pair(Reduce::dot, "sum_per_token"),
                                    {Reduce::l2, "l2_per_token"},
                                    {Reduce::mean_abs, "mean_abs_per_token"}}) {
    M method;
    method.reduce = reduce;
    const Json& recorded = test.at(key);
    const auto expected = recorded.get<std::vector<double>>();
    const std::vector<double> found = scores_of(test, method);
    if (reduce != Reduce::dot || smallest_sum == 0) {
      EXPECT_LE(peers::error(found, expected), kPeer) << key;
      continue;
    }
    // A layer norm follows: the entries of a gradient sum to 0, and what is left is rounding.
    for (const double sum : found) EXPECT_NEAR(sum, 0, smallest_sum) << key;
    for (const double sum : expected) EXPECT_NEAR(sum, 0, smallest_sum) << key;
  }
}

TEST(Captum, EveryRecordedCase) {
  std::map<std::string, int> count;
  for (const Json& test : peers::cases(peers::Set::committed, "captum")) {
    const auto method = test.at("method").get<std::string>();
    SCOPED_TRACE(method + " " + test.value("rule", "") + " " +
                 std::to_string(test.value("steps", 0)) + " " + test.value("baseline", "") + " " +
                 test.at("output").dump() + " " + test.at("text").dump());
    ++count[method];
    if (method == "LayerIntegratedGradients") expect_integrated_gradients(test);
    if (method == "Saliency") expect_gradient<Saliency>(test, 1e-4);
    if (method == "InputXGradient") expect_gradient<InputXGradient>(test, 0);
    if (method == "FeatureAblation") {
      // Special tokens are a feature of their own there that is replaced by itself: 0.
      const Explanation found =
          explain_as(test, test.at("output").get<std::string>(), Occlusion{}, Unit::token);
      std::vector<double> scores(found.tokens.size());
      for (std::size_t u = 0; u < found.units.units.size(); ++u) {
        scores[static_cast<std::size_t>(found.units.units[u].tokens.at(0))] =
            found.targets.at(0).scores[u];
      }
      EXPECT_LE(peers::error(scores, test.at("per_token").get<std::vector<double>>()), kPeer);
    }
  }
  const std::map<std::string, int> expected{{"LayerIntegratedGradients", 92},
                                            {"ShapleyValues", 3},
                                            {"Saliency", 12},
                                            {"InputXGradient", 12},
                                            {"FeatureAblation", 12}};
  EXPECT_EQ(count, expected);
}

TEST(Oracle, LeaveOneOutAndIntegratedGradients) {
  std::size_t count = 0;
  for (const Json& test : peers::cases(peers::Set::committed, "oracles")) {
    for (const auto& [output, exact] : test.at("outputs").items()) {
      SCOPED_TRACE(test.at("text").dump() + " " + output);
      const Explanation occluded = explain_as(test, output, Occlusion{}, Unit::token);
      EXPECT_LE(peers::error(occluded.targets.at(0).scores,
                             exact.at("leave_one_out").get<std::vector<double>>()),
                kOracle);
      EXPECT_NEAR(*occluded.targets.at(0).value, exact.at("value").get<double>(), 1e-4);
      // 128 points are as good as the oracle's 1000 on these paths, within the tolerance.
      const Explanation found = explain_as(test, output, IntegratedGradients{.steps = 128});
      const TargetExplanation& target = found.targets.at(0);
      EXPECT_LE(peers::error(target.scores,
                             exact.at("integrated_gradients_1000").get<std::vector<double>>()),
                kOracle);
      const double difference = exact.at("ig_difference").get<double>();
      EXPECT_NEAR(*target.value - *target.baseline_value, difference, 1e-4);
      EXPECT_NEAR(*target.sum, difference, kOracle * std::abs(difference));
      ++count;
    }
  }
  EXPECT_EQ(count, 9U);
}

}  // namespace
}  // namespace pellucid
