// SPDX-License-Identifier: Apache-2.0
// Models used from several threads at once give what they give alone. Under ThreadSanitizer this is
// also the test that nothing is shared unguarded.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/tasks/explain.h"

namespace pellucid {
namespace {

const std::string kText = "I can't stop smiling, but I am afraid";

std::vector<double> scores(const Model& model, const Method& method) {
  const Explanation explanation = explain(model, kText, {.targets = {"all"}, .method = method});
  std::vector<double> all;
  for (const TargetExplanation& target : explanation.targets) {
    all.insert(all.end(), target.scores.begin(), target.scores.end());
  }
  return all;
}

Model fresh() { return Model::load(std::string(PELLUCID_SOURCE_DIR) + "/demo/demo-emotion"); }

/// The jobs run at once, each on a thread of its own.
std::vector<std::vector<double>> at_once(
    const std::vector<std::pair<const Model*, const Method*>>& jobs) {
  std::vector<std::vector<double>> results(jobs.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = scores(*jobs[i].first, *jobs[i].second); });
  }
  for (std::thread& thread : threads) thread.join();
  return results;
}

TEST(Concurrency, TwoModelsFromTwoThreads) {
  const Method gradients = IntegratedGradients{.steps = 4};
  const Method occlusion = Occlusion{};
  const auto expected_gradients = scores(fresh(), gradients);
  const auto expected_occlusion = scores(fresh(), occlusion);
  const Model one = fresh();  // nothing is packed yet
  const Model other = fresh();
  const auto results = at_once({{&one, &gradients}, {&other, &occlusion}});
  EXPECT_EQ(results[0], expected_gradients);
  EXPECT_EQ(results[1], expected_occlusion);
}

TEST(Concurrency, OneModelFromManyThreads) {
  const Method gradients = IntegratedGradients{.steps = 4};
  const Method occlusion = Occlusion{};
  const Model model = fresh();
  const auto results = at_once(
      {{&model, &gradients}, {&model, &occlusion}, {&model, &gradients}, {&model, &occlusion}});
  EXPECT_EQ(results[0], scores(model, gradients));
  EXPECT_EQ(results[2], results[0]);
  EXPECT_EQ(results[1], scores(model, occlusion));
  EXPECT_EQ(results[3], results[1]);
}

}  // namespace
}  // namespace pellucid
