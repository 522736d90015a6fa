// SPDX-License-Identifier: Apache-2.0
// Methods that look into the graph (attention, its gradients, values taken away, DeepLift), on
// small models of every family, against values of the reference library
// (tools/make_attention_goldens.py) and against exact properties.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pellucid/attributions/attention.h"
#include "pellucid/attributions/attention_maps.h"
#include "pellucid/attributions/attention_rollout.h"
#include "pellucid/attributions/attention_x_gradient.h"
#include "pellucid/attributions/deep_lift.h"
#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/toy_test.h"
#include "pellucid/attributions/value_zeroing.h"
#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/product.h"

namespace pellucid {
namespace {

using Json = nlohmann::json;
using toy::MethodRun;

const std::filesystem::path kGoldens = std::filesystem::path(PELLUCID_SOURCE_DIR) / "tests/goldens";

const Json& cases() {
  static const Json read = [] {
    std::ifstream file(kGoldens / "attributions/attention.json");
    return Json::parse(file).at("cases");
  }();
  return read;
}

Model load(const Json& test) {
  const auto name = test.at("model").get<std::string>();
  for (const char* folder : {"models", "encoders"}) {
    if (std::filesystem::exists(kGoldens / folder / name)) {
      return Model::load((kGoldens / folder / name).string());
    }
  }
  fail("no model {}", name);
}

std::vector<std::int32_t> ids_of(const Json& test) {
  return test.at("ids").get<std::vector<std::int32_t>>();
}

Target target_of(const Json& test, Output output = Output::logit) {
  Target target{.index = test.at("index").get<std::int64_t>(), .output = output};
  if (!test.at("pooled").get<bool>()) target.positions = {test.at("position").get<std::int64_t>()};
  return target;
}

MethodRun run(const Json& test, const Model& model, const Method& method,
              Output output = Output::logit, const ExecutorOptions& options = {}) {
  return toy::run(model, method, ids_of(test), {target_of(test, output)}, options);
}

/// The row of a matrix [token][token] that the target reads, or the mean of all.
std::vector<double> read_row_of(const Json& test, const Model& model, const Json& matrix) {
  const auto rows = matrix.get<std::vector<std::vector<double>>>();
  std::int64_t row = test.at("position").get<std::int64_t>();
  if (test.at("pooled").get<bool>()) row = model.network().pooled_position(ids_of(test));
  if (row >= 0) return rows[static_cast<std::size_t>(row)];
  std::vector<double> mean(rows.size());
  for (const auto& one : rows) {
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += one[i] / double(rows.size());
  }
  return mean;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected,
                 double tolerance, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], tolerance * toy::largest(expected)) << what << " " << i;
  }
}

TEST(AttentionMethods, EqualTheReferenceLibraryInEveryFamily) {
  for (const Json& test : cases()) {
    const Model model = load(test);
    const auto name = test.at("model").get<std::string>();
    const MethodRun attention = run(test, model, Attention{});
    EXPECT_NEAR(attention.values[0], test.at("value").get<double>(), 1e-4 * 10) << name;
    expect_near(attention.found.token_scores[0], read_row_of(test, model, test.at("attention")),
                2e-5, name + " attention");
    const MethodRun rollout = run(test, model, AttentionRollout{});
    expect_near(rollout.found.token_scores[0], read_row_of(test, model, test.at("rollout")), 2e-5,
                name + " rollout");
    EXPECT_NEAR(toy::total(rollout.found.token_scores[0]), 1, 1e-5) << name;
    expect_near(run(test, model, AttentionXGradient{}).found.token_scores[0],
                read_row_of(test, model, test.at("relevance")), 2e-4, name + " x gradient");
  }
}

TEST(ValueZeroing, EqualsRecomputationByTheReferenceLibraryInEveryFamily) {
  for (const Json& test : cases()) {
    const Model model = load(test);
    const auto name = test.at("model").get<std::string>();
    if (test.at("zeroing").is_null()) {
      EXPECT_THROW(run(test, model, ValueZeroing{}), Error) << name;
      continue;
    }
    for (std::size_t l = 0; l < test.at("zeroing").size(); ++l) {
      const MethodRun found = run(test, model, ValueZeroing{.layer = std::to_string(l)});
      expect_near(found.found.token_scores[0], read_row_of(test, model, test.at("zeroing").at(l)),
                  2e-3, name + " zeroing");
    }
  }
}

/// The product over layers and their mean, of the recorded matrices.
TEST(ValueZeroing, CombinesLayers) {
  const Json& test = *std::find_if(cases().begin(), cases().end(), [](const Json& other) {
    return other.at("model") == "bert-seqcls";
  });
  const Model model = load(test);
  std::vector<TokenMatrix> layers;
  std::vector<double> mean(ids_of(test).size());
  for (const Json& recorded : test.at("zeroing")) {
    TokenMatrix& matrix = layers.emplace_back();
    matrix.keys = std::ssize(ids_of(test));
    for (const Json& row : recorded) {
      matrix.rows.push_back(std::ssize(matrix.rows));
      for (const Json& value : row) matrix.values.push_back(value.get<double>());
    }
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] += matrix.values[i] / static_cast<double>(test.at("zeroing").size());
    }
  }
  std::vector<double> row(mean.size());
  row[0] = 1;
  expect_near(run(test, model, ValueZeroing{}).found.token_scores[0],
              through_layers(row, layers, 0, 1), 2e-3, "rollout");
  expect_near(run(test, model, ValueZeroing{.combine = CombineLayers::mean}).found.token_scores[0],
              mean, 2e-3, "mean");
}

/// One layer and head: R = ((1.5, 0), (0.125, 2.5)).
TEST(AttentionXGradient, ByHand) {
  const float p[] = {0.5F, 0.5F, 0.25F, 0.75F}, g[] = {1, -2, 0.5F, 2};
  const AttentionMap map{{0, 1}, 1, 2, Tensor::from(p, {2, 2}), Tensor::from(g, {2, 2})};
  const TokenMatrix layer = positive_relevance(map, 0);
  EXPECT_EQ(through_layers({1, 0}, {&layer, 1}, 1, 1), (std::vector<double>{1.5, 0}));
  EXPECT_EQ(through_layers({0, 1}, {&layer, 1}, 1, 1), (std::vector<double>{0.125, 2.5}));
}

TEST(LayersOption, NamesLayers) {
  EXPECT_EQ(parse_layers("last", 4), (std::vector<std::size_t>{3}));
  EXPECT_EQ(parse_layers("2,0", 4), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(parse_layers("all", 2), (std::vector<std::size_t>{0, 1}));
  EXPECT_THROW(parse_layers("4", 4), UsageError);
  EXPECT_THROW(check_layers("first"), UsageError);
  EXPECT_THROW(check_layers("1,"), UsageError);
}

std::vector<std::int32_t> other_ids(const Json& test) {
  std::vector<std::int32_t> ids = ids_of(test);
  std::rotate(ids.begin(), ids.begin() + 4, ids.end());
  return ids;
}

/// Scores sum to the difference of the values, whatever the architecture and the scale.
TEST(DeepLift, IsCompleteInEveryFamily) {
  int models = 0;
  for (const Json& test : cases()) {
    const Model model = load(test);
    const auto name = test.at("model").get<std::string>();
    const Replacement baseline{.kind = Replacement::Kind::ids, .ids = other_ids(test)};
    if (name.find("moe") != std::string::npos || name.find("mixtral") != std::string::npos) {
      EXPECT_THROW(run(test, model, DeepLift{.baseline = baseline}), Error) << name;
      run(test, model, DeepLift{.rules = DeepLiftRules::captum, .baseline = baseline});
      continue;
    }
    for (const Output output : {Output::logit, Output::probability, Output::log_probability}) {
      const MethodRun found = run(test, model, DeepLift{.baseline = baseline}, output);
      double size = 0;
      for (const double score : found.found.token_scores[0]) size += std::abs(score);
      EXPECT_NEAR(toy::total(found.found.token_scores[0]),
                  found.values[0] - found.found.baseline_values[0], 3e-4 * size + 1e-7)
          << name;
    }
    ++models;
  }
  EXPECT_GT(models, 60);
}

/// Of a model without relu, sigmoid and tanh the peer's rules are plain gradients.
TEST(DeepLift, PeersRulesAreGradientsWhereNothingIsRescaled) {
  const Json& test = *std::find_if(cases().begin(), cases().end(), [](const Json& other) {
    return other.at("model") == "bert-mlm";
  });
  const Model model = load(test);
  const Replacement baseline{.kind = Replacement::Kind::ids, .ids = other_ids(test)};
  expect_near(run(test, model, DeepLift{.rules = DeepLiftRules::captum, .baseline = baseline})
                  .found.token_scores[0],
              run(test, model, InputXGradient{.baseline = baseline}).found.token_scores[0], 1e-5,
              "gradient");
}

TEST(GraphMethods, SameNumbersForAnyThreadCount) {
  const Json& test = *std::find_if(cases().begin(), cases().end(), [](const Json& other) {
    return other.at("model") == "bert-seqcls";
  });
  const Model model = load(test);
  const Replacement baseline{.kind = Replacement::Kind::ids, .ids = other_ids(test)};
  const int before = thread_count();
  for (const Method& method : {Method(Attention{}), Method(AttentionXGradient{}),
                               Method(ValueZeroing{}), Method(DeepLift{.baseline = baseline})}) {
    set_thread_count(1);
    const auto expected = run(test, model, method).found.token_scores[0];
    set_thread_count(2);
    expect_near(run(test, model, method).found.token_scores[0], expected,
                rows_are_independent() ? 0 : 1e-4, method.name());
  }
  set_thread_count(before);
}

}  // namespace
}  // namespace pellucid
