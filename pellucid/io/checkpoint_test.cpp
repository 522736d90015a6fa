// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/checkpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

class CheckpointFolder : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    base_ = fs::temp_directory_path() /
            (std::string("pellucid_") + test->name() + "_" + std::to_string(::getpid()));
    folder_ = base_ / "model";
    fs::create_directories(folder_);
    put("config.json", "{}");
  }
  void TearDown() override { fs::remove_all(base_); }

  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  /// A file in which every tensor is [2] and holds `values`.
  void save(const fs::path& path, const std::vector<std::string>& names,
            const std::vector<float>& values = {1, 2}) const {
    std::vector<TensorView> views;
    for (const std::string& name : names) {
      views.push_back({name, DType::f32, {2}, values.data(), 8, nullptr});
    }
    save_safetensors(path.string(), views);
  }
  std::string open_message() const {
    try {
      Checkpoint::open(folder_.string());
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path base_, folder_;
};

TEST_F(CheckpointFolder, FindsRequiresAndListsWhatIsUnused) {
  save(folder_ / "model.safetensors", {"b", "a", "position_ids", "c"});
  const Checkpoint weights = Checkpoint::open(folder_.string());
  EXPECT_EQ(weights.names(), (std::vector<std::string>{"a", "b", "c", "position_ids"}));
  EXPECT_EQ(weights.bytes(), 32U);
  EXPECT_TRUE(weights.contains("a"));
  EXPECT_EQ(weights.unused().size(), 4U);
  EXPECT_NE(weights.find("a"), nullptr);
  EXPECT_EQ(weights.find("x"), nullptr);
  EXPECT_EQ(weights.require("b", {2}).count(), 2);
  EXPECT_EQ(weights.require("c", {-1}).count(), 2);
  EXPECT_EQ(weights.unused(), std::vector<std::string>{"position_ids"});
  EXPECT_THROW(weights.require("b", {2, 1}), Error);
  EXPECT_THROW(weights.require("b", {3}), Error);
  EXPECT_THROW(weights.require("x", {2}), Error);
}

TEST_F(CheckpointFolder, ReadsAsFloatsAndNotesWhatIsNotFinite) {
  save(folder_ / "model.safetensors", {"odd"},
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()});
  const Checkpoint weights = Checkpoint::open(folder_.string());
  float values[2];
  weights.read("odd", {2}, values);
  weights.read("odd", {2}, values);
  EXPECT_EQ(values[1], -std::numeric_limits<float>::infinity());
  ASSERT_EQ(weights.warnings().size(), 1U);
  EXPECT_NE(weights.warnings()[0].find("\"odd\" holds 1 NaN and 1 infinite"), std::string::npos);
}

TEST_F(CheckpointFolder, OldNamesAreGivenAsTodays) {
  save(folder_ / "model.safetensors", {"x.LayerNorm.gamma", "x.LayerNorm.beta", "x.gamma"});
  const Checkpoint weights = Checkpoint::open(folder_.string());
  EXPECT_EQ(weights.names(),
            (std::vector<std::string>{"x.LayerNorm.bias", "x.LayerNorm.weight", "x.gamma"}));
  save(folder_ / "model.safetensors", {"x.LayerNorm.gamma", "x.LayerNorm.weight"});
  EXPECT_NE(open_message().find("is there twice"), std::string::npos);
}

TEST_F(CheckpointFolder, ReadsShardsByTheirIndex) {
  fs::create_directory(folder_ / "parts");
  save(folder_ / "parts/1.safetensors", {"a", "not listed"});
  save(folder_ / "2.safetensors", {"b"});
  put("model.safetensors.index.json",
      R"({"weight_map":{"a":"parts/1.safetensors","b":"2.safetensors"}})");
  const Checkpoint weights = Checkpoint::open(folder_.string());
  EXPECT_EQ(weights.names(), (std::vector<std::string>{"a", "b"}));
  save(folder_ / "model.safetensors", {"single"});
  EXPECT_EQ(Checkpoint::open(folder_.string()).names(), std::vector<std::string>{"single"});
}

TEST_F(CheckpointFolder, FollowsTheHubCachesLinks) {
  const fs::path blobs = base_ / "hub/blobs", snapshot = base_ / "hub/snapshots/abc";
  fs::create_directories(blobs);
  fs::create_directories(snapshot);
  save(blobs / "123", {"a"});
  fs::create_symlink("../../blobs/123", snapshot / "1.safetensors");
  std::ofstream(snapshot / "config.json") << "{}";
  std::ofstream(snapshot / "model.safetensors.index.json")
      << R"({"weight_map":{"a":"1.safetensors"}})";
  EXPECT_EQ(Checkpoint::open(snapshot.string()).names(), std::vector<std::string>{"a"});
}

TEST_F(CheckpointFolder, TorchFilesComeAfterSafetensors) {
  put("pytorch_model.bin.index.json", "{}");
  EXPECT_NE(open_message().find("pytorch_model.bin.index.json: has no object weight_map"),
            std::string::npos);
  put("pytorch_model.bin", "");
  EXPECT_NE(open_message().find("pytorch_model.bin: is empty"), std::string::npos);
  save(folder_ / "model.safetensors", {"a"});
  EXPECT_EQ(open_message(), "no error");
}

TEST(CheckpointFormats, AllFormsHoldTheSameWeights) {
  const fs::path root = fs::path(PELLUCID_SOURCE_DIR) / "../shared/golden/models/_formats";
  if (!fs::exists(root)) GTEST_SKIP() << "no " << root;
  const Checkpoint reference = Checkpoint::open((root / "safetensors-single").string());
  const struct {
    const char* folder;
    float tolerance;
  } forms[] = {{"safetensors-sharded", 0},
               {"names-gamma-beta", 0},
               {"both-files", 0},
               {"extra-tensors", 0},
               {"safetensors-f64", 1e-7F},
               {"safetensors-f16", 1e-3F},
               {"safetensors-bf16", 8e-3F},
               {"bin-zip", 0},
               {"bin-legacy", 0},
               {"bin-sharded", 0},
               {"bin-f64", 1e-7F},
               {"bin-f16", 1e-3F},
               {"bin-bf16", 8e-3F},
               {"bin-names-gamma-beta", 0},
               {"bin-views", 0},
               {"bin-strided", 0},
               {"bin-parameters", 0}};
  for (const auto& form : forms) {
    SCOPED_TRACE(form.folder);
    const Checkpoint weights = Checkpoint::open((root / form.folder).string());
    for (const std::string& name : reference.names()) {
      const TensorView& expected = *reference.find(name);
      const std::vector<float> wanted = expected.floats();
      std::vector<float> found(wanted.size());
      weights.read(name, expected.shape, found.data());
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        ASSERT_NEAR(found[i], wanted[i], form.tolerance * std::abs(wanted[i])) << name;
      }
    }
    EXPECT_EQ(weights.unused().size(), std::string(form.folder) == "extra-tensors" ? 2U : 0U);
  }
}

TEST(CheckpointFormats, WarnsOfNonFiniteWeights) {
  const fs::path root = fs::path(PELLUCID_SOURCE_DIR) / "../shared/golden/models/_malformed";
  if (!fs::exists(root)) GTEST_SKIP() << "no " << root;
  const std::string query = "bert.encoder.layer.0.attention.self.query.weight";
  for (const char* folder : {"tensor-nan", "tensor-inf"}) {
    const Checkpoint weights = Checkpoint::open((root / folder).string());
    std::vector<float> values(64);
    weights.read(query, {8, 8}, values.data());
    ASSERT_EQ(weights.warnings().size(), 1U);
    EXPECT_NE(weights.warnings()[0].find("model.safetensors: tensor \"" + query),
              std::string::npos);
  }
}

}  // namespace
}  // namespace pellucid
