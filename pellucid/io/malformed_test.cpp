// SPDX-License-Identifier: Apache-2.0
// Broken and hostile model folders: each is refused quickly, with an error that names the file and
// what is wrong.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Reads what a BERT would read and no more.
void read_folder(const fs::path& folder) {
  const ModelConfig config = ModelConfig::read(folder.string());
  config.size("vocab_size", kMaxVocabulary);
  config.size("num_hidden_layers", kMaxLayers);
  config.size("intermediate_size");
  const std::int64_t hidden = config.size("hidden_size");
  config.heads("num_attention_heads", "hidden_size", hidden);
  config.fields.choice("hidden_act", {"gelu", "relu"});
  config.fields.number("layer_norm_eps", 0, 1);
  config.fields.choice("model_type", {"bert"});
  const Checkpoint weights = Checkpoint::open(folder.string());
  weights.require("bert.encoder.layer.0.attention.self.query.weight", {hidden, hidden});
  weights.require("classifier.weight", {config.num_labels(), hidden});
}

std::string message_of(const fs::path& folder) {
  try {
    read_folder(folder);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_refused(const fs::path& folder, const Json& words) {
  const auto start = std::chrono::steady_clock::now();
  const std::string message = message_of(folder);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_NE(message, "");
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_LT(message.size(), 1000U);
  EXPECT_LT(seconds.count(), 1.0);
  for (const std::string word : words) {
    EXPECT_NE(message.find(word), std::string::npos) << '"' << word << "\" not in: " << message;
  }
}

/// Runs the cases of a manifest whose folders are complete.
TEST(Malformed, LargeSet) {
  const fs::path root = fs::path(PELLUCID_SOURCE_DIR) / "../shared/golden/models/_malformed";
  if (!fs::exists(root)) GTEST_SKIP() << "no " << root;
  const Json manifest = Json::parse(std::ifstream(root / "manifest.json"));
  for (const Json& entry : manifest["cases"]) {
    const std::string folder = entry["folder"];
    if (entry["outcome"] == "loads-with-warning") continue;
    SCOPED_TRACE(folder);
    ASSERT_TRUE(fs::exists(root / folder));
    if (entry["outcome"] != "error") {  // "error-or-loads": either is right
      message_of(root / folder);
      continue;
    }
    expect_refused(root / folder, entry["must_mention"]);
  }
  EXPECT_EQ(message_of(root / "_good"), "");
}

/// Model folders put together in a temporary one.
class MalformedFolder : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    base_ = fs::temp_directory_path() /
            (std::string("pellucid_malformed_") + test->name() + "_" + std::to_string(::getpid()));
  }
  void TearDown() override { fs::remove_all(base_); }

  fs::path folder(const std::string& name, const std::vector<std::string>& from_good) const {
    fs::create_directories(base_ / name);
    for (const std::string& file : from_good) {
      fs::copy_file(goldens_ / "_good" / file, base_ / name / file);
    }
    return base_ / name;
  }

  const fs::path goldens_ = fs::path(PELLUCID_SOURCE_DIR) / "tests/goldens/malformed";
  fs::path base_;
};

TEST_F(MalformedFolder, SmallSet) {
  const Json manifest = Json::parse(std::ifstream(goldens_ / "manifest.json"));
  EXPECT_GT(manifest["cases"].size(), 70U);
  for (const Json& entry : manifest["cases"]) {
    const std::string name = entry["folder"];
    SCOPED_TRACE(name);
    const fs::path made = folder(name, entry["from_good"]);
    if (fs::exists(goldens_ / name)) fs::copy(goldens_ / name, made);
    expect_refused(made, entry["must_mention"]);
  }
  EXPECT_EQ(message_of(goldens_ / "_good"), "");
}

TEST_F(MalformedFolder, DeepConfig) {
  const fs::path made = folder("deep", {"model.safetensors"});
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "{\"a\":";
  std::ofstream(made / "config.json") << text << 1 << std::string(100'000, '}');
  expect_refused(made, {"config.json", "nested deeper"});
}

TEST_F(MalformedFolder, DeepHeader) {
  const fs::path made = folder("deep", {"config.json"});
  const std::string text = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const std::uint64_t length = text.size();
  std::ofstream file(made / "model.safetensors", std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text;
  file.close();
  expect_refused(made, {"model.safetensors", "header", "nested deeper"});
}

TEST_F(MalformedFolder, FoldersPipesAndLinksInPlaceOfFiles) {
  const fs::path config_folder = folder("config-folder", {"model.safetensors"});
  fs::create_directory(config_folder / "config.json");
  expect_refused(config_folder, {"config.json", "is a folder"});

  const fs::path pipe = folder("pipe", {"config.json"});
  ASSERT_EQ(::mkfifo((pipe / "model.safetensors").c_str(), 0600), 0);
  expect_refused(pipe, {"model.safetensors", "not a regular file"});

  const fs::path link = folder("link", {"config.json"});
  fs::create_symlink(goldens_ / "_good/model.safetensors", link / "shard.safetensors");
  std::ofstream(link / "model.safetensors.index.json")
      << R"({"weight_map":{"a":"shard.safetensors"}})";
  expect_refused(link, {"model.safetensors.index.json", "shard.safetensors", "a link out of"});

  expect_refused(base_ / "nowhere", {"nowhere", "no folder"});
  expect_refused(goldens_ / "_good/config.json", {"config.json", "no folder"});
}

}  // namespace
}  // namespace pellucid
