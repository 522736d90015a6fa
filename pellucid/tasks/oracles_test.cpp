// SPDX-License-Identifier: Apache-2.0
// Perturbation methods on trained models against exact computation in float64 and against captum
// and shap: tokens and words replaced by [MASK].
#include <fmt/format.h>

#include "pellucid/attributions/kernel_shap.h"
#include "pellucid/attributions/leave_one_out.h"
#include "pellucid/attributions/partition_shap.h"
#include "pellucid/attributions/permutation_shap.h"
#include "pellucid/attributions/rise.h"
#include "pellucid/attributions/shapley.h"
#include "pellucid/attributions/shapley_interactions.h"
#include "pellucid/attributions/sobol.h"
#include "pellucid/tasks/explain.h"
#include "pellucid/tasks/peers_test.h"

namespace pellucid {
namespace {

using peers::Json;

constexpr double kOracle = 1e-3;  // of the largest score

TargetExplanation explain_units(const Json& test, const std::string& output, Unit unit,
                                const Method& method) {
  const Model* model = peers::find_model(test.at("model").get<std::string>());
  check(model != nullptr, "no model {}", test.at("model").dump());
  ExplainOptions options;
  options.method = method;
  options.unit = unit;
  options.run.precision = Precision::f32;
  const bool difference = output == "logit-difference";
  options.output = difference ? Output::logit : parse_output(output);
  const int target = test.at("target").get<int>();
  options.targets = {difference
                         ? fmt::format("{}-{}", model->labels().at(std::size_t(target)),
                                       model->labels().at(test.at("foil").get<std::size_t>()))
                         : std::to_string(target)};
  return explain(*model, test.at("text").get<std::string>(), options).targets.at(0);
}

void expect_scores(const TargetExplanation& found, const Json& exact) {
  EXPECT_LE(peers::error(found.scores, exact.get<std::vector<double>>()), kOracle);
}

void expect_matrix(const TargetExplanation& found, const Json& exact) {
  std::vector<double> all, expected;
  for (const auto& row : found.interactions) all.insert(all.end(), row.begin(), row.end());
  for (const Json& row : exact) {
    for (const Json& value : row) expected.push_back(value.get<double>());
  }
  EXPECT_LE(peers::error(all, expected), kOracle);
}

/// What both files hold of a game.
void expect_game(const Json& test, const std::string& output, Unit unit, const Json& exact) {
  SCOPED_TRACE(test.at("text").dump() + " " + output);
  const auto run = [&](const Method& method) { return explain_units(test, output, unit, method); };
  expect_scores(run(LeaveOneOut{}), exact.at("leave_one_out"));
  const TargetExplanation shapley = run(Shapley{});
  expect_scores(shapley, exact.at("shapley"));
  EXPECT_LE(*shapley.relative_gap, 1e-6);
  const TargetExplanation kernel = run(KernelShap{});
  expect_scores(kernel, exact.at("shapley"));
  EXPECT_TRUE(kernel.standard_errors.empty());
  const TargetExplanation orders = run(PermutationShap{.budget = {.samples = 300}});
  const auto expected = exact.at("shapley").get<std::vector<double>>();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(orders.scores[i], expected[i], 4.5 * orders.standard_errors[i] + 1e-4) << i;
  }
  if (output != "probability") return;  // the same game is played for all scales
  expect_scores(run(Rise{}), exact.at("banzhaf"));
  expect_scores(run(Sobol{}), exact.at("sobol_total"));
  expect_scores(run(Sobol{.order = SobolOrder::first}), exact.at("sobol_first"));
  const char* pairs = exact.contains("interaction") ? "interaction" : "shapley_interactions";
  expect_matrix(run(ShapleyInteractions{.index = InteractionIndex::shapley}), exact.at(pairs));
}

TEST(Oracle, GamesOfTokens) {
  for (const Json& test : peers::cases(peers::Set::committed, "oracles")) {
    for (const auto& [output, exact] : test.at("outputs").items()) {
      expect_game(test, output, Unit::token, exact);
    }
  }
}

TEST(Oracle, GamesOfWordsAndOwenValues) {
  for (const peers::Set set : peers::kSets) {
    for (const Json& test : peers::cases(set, "oracles_words")) {
      for (const auto& [output, exact] : test.at("outputs").items()) {
        expect_game(test, output, Unit::tokenizer_word, exact);
        for (const std::string tree : {"binary", "pairs"}) {
          if (!exact.contains("owen_" + tree)) continue;
          const PartitionShap method{.tree = test.at(tree + "_tree").dump()};
          expect_scores(explain_units(test, output, Unit::tokenizer_word, method),
                        exact.at("owen_" + tree));
        }
      }
    }
  }
}

TEST(Captum, ShapleyValues) {
  int count = 0;
  for (const Json& test : peers::cases(peers::Set::committed, "captum")) {
    if (test.at("method") != "ShapleyValues") continue;
    SCOPED_TRACE(test.at("text").dump());
    const TargetExplanation found =
        explain_units(test, test.at("output").get<std::string>(), Unit::token, Shapley{});
    auto expected = test.at("per_token").get<std::vector<double>>();
    expected.erase(expected.begin());  // special tokens
    expected.pop_back();
    EXPECT_LE(peers::error(found.scores, expected), 3e-4);
    ++count;
  }
  EXPECT_GT(count, 0);
}

/// The tree of shap has leaves for the special tokens at both ends: without them, and counted from
/// the first word. Empty: nothing is left.
std::string tree_without_ends(const Json& node, int last) {
  if (node.is_number()) {
    const int leaf = node.get<int>();
    return leaf == 0 || leaf == last ? "" : std::to_string(leaf - 1);
  }
  std::string inner;
  for (const Json& child : node) {
    const std::string text = tree_without_ends(child, last);
    if (!text.empty()) inner += (inner.empty() ? "" : ",") + text;
  }
  return inner.empty() ? "" : "[" + inner + "]";
}

TEST(Shap, OwenValuesOfItsTrees) {
  int count = 0;
  for (const peers::Set set : peers::kSets) {
    for (const Json& test : peers::cases(set, "shap_more")) {
      if (test.at("method") != "Partition") continue;
      const Model* model = peers::find_model(test.at("model").get<std::string>());
      ASSERT_NE(model, nullptr);
      const auto text = test.at("text").get<std::string>();
      const Encoding encoding = model->tokenizer().encode(text);
      // shap joins pieces of words to a string and has them cut again: not the same tokens.
      if (std::any_of(encoding.tokens.begin(), encoding.tokens.end(),
                      [](const Token& token) { return token.text.starts_with("##"); })) {
        continue;
      }
      const Json& values = test.at("owen_own");
      ExplainOptions options;
      options.unit = Unit::token;
      options.targets = {"all"};
      options.method =
          PartitionShap{.tree = tree_without_ends(test.at("tree"), int(values.size()) - 1)};
      const Explanation found = explain(*model, text, options);
      ASSERT_EQ(found.units.size(), std::ssize(values) - 2);
      double largest = 0, worst = 0;
      for (std::size_t t = 0; t < found.targets.size(); ++t) {
        const auto label = static_cast<std::size_t>(*found.targets[t].target.index);
        for (std::size_t u = 0; u + 2 < values.size(); ++u) {
          const double expected = values.at(u + 1).at(label).get<double>();
          largest = std::max(largest, std::abs(expected));
          worst = std::max(worst, std::abs(expected - found.targets[t].scores[u]));
        }
      }
      EXPECT_LE(worst, kOracle * largest);
      ++count;
    }
  }
  EXPECT_GE(count, 3);
}

}  // namespace
}  // namespace pellucid
