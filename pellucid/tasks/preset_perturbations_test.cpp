// SPDX-License-Identifier: Apache-2.0
// Presets interpreto and captum: the numbers of those libraries for perturbation methods, from the
// masks that they drew.
#include "pellucid/tasks/preset_perturbations.h"

#include <fstream>

#include "pellucid/attributions/occlusion.h"
#include "pellucid/tasks/explain.h"
#include "pellucid/tasks/peers_test.h"

namespace pellucid {
namespace {

using peers::Json;
namespace fs = std::filesystem;

/// A file of masks, true: kept.
class DrawsFile {
 public:
  explicit DrawsFile(const std::vector<Coalition>& masks)
      : path_((fs::temp_directory_path() /
               ("pellucid_draws_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) +
                ".safetensors"))
                  .string()) {
    const std::size_t count = masks.size() * masks.front().size();
    std::string header = R"({"masks":{"dtype":"F32","shape":[)" + std::to_string(masks.size()) +
                         "," + std::to_string(masks.front().size()) + R"(],"data_offsets":[0,)" +
                         std::to_string(4 * count) + "]}}";
    while (header.size() % 8 != 0) header += ' ';
    std::ofstream file(path_, std::ios::binary);
    const std::uint64_t size = header.size();
    file.write(reinterpret_cast<const char*>(&size), 8);
    file << header;
    for (const Coalition& mask : masks) {
      for (const bool kept : mask) {
        const float number = kept ? 1 : 0;
        file.write(reinterpret_cast<const char*>(&number), 4);
      }
    }
  }
  DrawsFile(const DrawsFile&) = delete;
  DrawsFile& operator=(const DrawsFile&) = delete;
  ~DrawsFile() { fs::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Rows are strings of digits; there 1 means replaced.
std::vector<Coalition> recorded_masks(const Json& json) {
  std::vector<Coalition> masks;
  for (const Json& row : json) {
    auto& mask = masks.emplace_back();
    for (const char digit : row.get<std::string>()) mask.push_back(digit == '0');
  }
  return masks;
}

std::optional<Unit> unit_of(const std::string& granularity) {
  if (granularity == "word") return Unit::tokenizer_word;
  if (granularity == "part_sentence") return Unit::phrase;
  return parse_unit(granularity == "all_tokens" ? "all-tokens" : granularity);
}

struct Named {
  const char* theirs;
  const char* ours;
};
constexpr Named kMethods[] = {{"Occlusion", "occlusion"},
                              {"Lime", "lime"},
                              {"KernelShap", "kernel-shap"},
                              {"Sobol", "sobol"}};

MethodOptions options_of(const Json& parameters) {
  MethodOptions options;
  const std::string all = parameters.dump();
  for (const char* distance : {"hamming", "euclidean"}) {
    if (all.find(distance) != std::string::npos) options["distance"] = distance;
  }
  if (parameters.contains("kernel_width")) options["width"] = parameters["kernel_width"].dump();
  if (all.find("TOTAL") != std::string::npos) options["order"] = "total";
  return options;
}

void expect_interpreto(const Json& test, const std::string& method) {
  const Model* model = peers::find_model(test.at("model").get<std::string>());
  ASSERT_NE(model, nullptr);
  ExplainOptions options;
  options.preset = Preset::interpreto;
  options.unit = unit_of(test.at("granularity").get<std::string>());
  options.output = parse_output(test.at("output").get<std::string>());
  for (const Json& target : test.at("targets")) {
    options.targets.push_back(std::to_string(target.get<int>()));
  }
  std::optional<DrawsFile> draws;
  if (method != "occlusion") {
    draws.emplace(recorded_masks(test.at("masks")));
    MethodOptions given = options_of(test.at("parameters"));
    given["draws"] = draws->path();
    options.method = peer_perturbation(Preset::interpreto, method, given);
  } else {
    options.method = Occlusion{};
  }
  const Explanation found = explain(*model, test.at("text").get<std::string>(), options);
  // Their Lime inverts its normal equations in float32, with weights down to e^-28.
  const bool hamming = test.at("parameters").dump().find("hamming") != std::string::npos;
  for (std::size_t t = 0; t < found.targets.size(); ++t) {
    const auto expected = test.at("attributions").at(t).get<std::vector<double>>();
    ASSERT_EQ(found.targets[t].scores.size(), expected.size());
    EXPECT_LE(peers::error(found.targets[t].scores, expected), hamming ? 2e-2 : 3e-4);
  }
}

TEST(InterpretoPreset, RecordedPerturbations) {
  std::map<std::string, int> count;
  std::vector<Json> tests = peers::cases(peers::Set::committed, "interpreto");
  for (Json& test : peers::cases(peers::Set::full, "interpreto_more")) {
    tests.push_back(std::move(test));
  }
  for (const Json& test : tests) {
    const std::string theirs = test.value("method", "");
    const auto* known = std::find_if(std::begin(kMethods), std::end(kMethods),
                                     [&](const Named& named) { return named.theirs == theirs; });
    const bool generates = test.at("model").get<std::string>().find("gpt2") != std::string::npos;
    if (known == std::end(kMethods) || generates || test.contains("error")) continue;
    SCOPED_TRACE(theirs + " " + test.at("model").dump() + " " + test.at("text").dump() + " " +
                 test.at("granularity").dump() + " " + test.at("parameters").dump());
    expect_interpreto(test, known->ours);
    ++count[theirs];
  }
  EXPECT_GT(count["Lime"], 0);
  EXPECT_GT(count["KernelShap"], 0);
  EXPECT_GT(count["Sobol"], 0);
  EXPECT_GT(count["Occlusion"], 0);
}

/// A player is present where its first token is the input's own.
std::vector<Coalition> captum_masks(const Json& test) {
  const auto players = test.at("feature_mask").get<std::vector<std::size_t>>();
  const auto ids = test.at("input_ids").get<std::vector<int>>();
  const std::size_t count = *std::max_element(players.begin(), players.end()) + 1;
  std::vector<Coalition> masks;
  for (const Json& row : test.at("evaluations")) {
    auto& mask = masks.emplace_back(count);
    for (std::size_t player = 0; player < count; ++player) {
      const auto place = static_cast<std::size_t>(
          std::find(players.begin(), players.end(), player) - players.begin());
      mask[player] = row.at(place).get<int>() == ids[place];
    }
  }
  return masks;
}

TEST(CaptumPreset, RecordedOcclusion) {
  int count = 0;
  for (const Json& test : peers::cases(peers::Set::full, "captum_more")) {
    if (test.value("method", "") != "Occlusion") continue;
    SCOPED_TRACE(test.at("text").dump() + " " + test.at("window").dump());
    const Model* model = peers::find_model(test.at("model").get<std::string>());
    ASSERT_NE(model, nullptr);
    ExplainOptions options;
    options.preset = Preset::captum;
    options.output = Output::logit;
    options.targets = {std::to_string(test.at("target").get<int>())};
    const bool zero = test.contains("baseline");
    options.method = peer_perturbation(Preset::captum, "occlusion",
                                       {{"window", test.at("window").dump()},
                                        {"stride", test.at("stride").dump()},
                                        {"replacement", zero ? "zero" : "pad"}});
    if (!zero) options.unit = Unit::token;
    const Explanation found = explain(*model, test.at("text").get<std::string>(), options);
    std::vector<double> scores = found.targets.at(0).scores;
    // Theirs gives the effect to each number of the embedding, and is summed.
    for (double& score : scores) score *= static_cast<double>(model->network().shape().hidden);
    if (!zero) {
      scores.insert(scores.begin(), 0);
      scores.push_back(0);
    }
    EXPECT_LE(peers::error(scores, test.at("per_token").get<std::vector<double>>()), 3e-4);
    ++count;
  }
  if (count == 0) GTEST_SKIP() << "the larger set of recorded answers is not there";
}

TEST(CaptumPreset, RecordedRegressionsAndOrders) {
  std::map<std::string, int> count;
  for (const Json& test : peers::cases(peers::Set::full, "captum_more")) {
    const std::string theirs = test.value("method", "");
    const std::map<std::string, std::string> names{{"Lime", "lime"},
                                                   {"ShapleyValueSampling", "permutation-shap"}};
    if (!names.contains(theirs)) continue;
    // The special tokens are a player of theirs too, and which rows kept it is not recorded. Where
    // the LASSO gives it 0 it does not matter; KernelShap's least squares never do.
    if (theirs == "Lime" && test.at("per_token").at(0) != 0) continue;
    SCOPED_TRACE(theirs + " " + test.at("text").dump());
    const Model* model = peers::find_model(test.at("model").get<std::string>());
    ASSERT_NE(model, nullptr);
    const DrawsFile draws(captum_masks(test));
    ExplainOptions options;
    options.preset = Preset::captum;
    options.unit = Unit::tokenizer_word;
    options.output = Output::logit;
    options.targets = {std::to_string(test.at("target").get<int>())};
    options.method = peer_perturbation(Preset::captum, names.at(theirs), {{"draws", draws.path()}});
    const Explanation found = explain(*model, test.at("text").get<std::string>(), options);
    const auto expected = test.at("per_token").get<std::vector<double>>();
    const auto players = test.at("feature_mask").get<std::vector<std::size_t>>();
    std::vector<double> scores = expected;  // of the special tokens: no units of ours
    for (std::size_t i = 0; i < players.size(); ++i) {
      if (players[i] > 0) scores[i] = found.targets.at(0).scores.at(players[i] - 1);
    }
    EXPECT_LE(peers::error(scores, expected), 3e-4);
    ++count[theirs];
  }
  if (count.empty()) GTEST_SKIP() << "the larger set of recorded answers is not there";
}

TEST(PeerPerturbation, Refusals) {
  EXPECT_FALSE(peer_perturbation(Preset::none, "lime", {}));
  EXPECT_FALSE(peer_perturbation(Preset::interpreto, "occlusion", {}));
  EXPECT_THROW(make_method("lime", {{"draws", "file"}}), UsageError);
  EXPECT_THROW(peer_perturbation(Preset::interpreto, "lime", {}), UsageError);
  const DrawsFile draws({{true, false}, {false, true}});
  const auto peer = [&](Preset preset, MethodOptions options) {
    options.emplace("draws", draws.path());
    return peer_perturbation(preset, "lime", std::move(options));
  };
  EXPECT_TRUE(peer(Preset::interpreto, {{"distance", "hamming"}}));
  EXPECT_THROW(peer(Preset::interpreto, {{"samples", "3"}}), UsageError);
  EXPECT_THROW(peer(Preset::captum, {{"distance", "far"}}), UsageError);
  EXPECT_THROW(peer(Preset::captum, {{"draws", "/nowhere/draws.safetensors"}}), Error);
  ExplainOptions options;
  options.preset = Preset::interpreto;
  options.method = peer(Preset::interpreto, {});
  const Model* model = peers::find_model("demo-emotion");
  EXPECT_THROW(explain(*model, "three words here", options), UsageError);  // masks of two units
}

}  // namespace
}  // namespace pellucid
