// SPDX-License-Identifier: Apache-2.0
// Broken and hostile model folders: each is refused quickly, with an error that names the file and
// what is wrong.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

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

/// Runs the cases of a manifest whose folders stand beside it.
void run_manifest(const fs::path& root) {
  const Json manifest = Json::parse(std::ifstream(root / "manifest.json"));
  int count = 0;
  for (const Json& entry : manifest["cases"]) {
    const std::string folder = entry["folder"];
    if (entry["outcome"] == "loads-with-warning" || entry["file"] == "pytorch_model.bin") continue;
    SCOPED_TRACE(folder);
    ASSERT_TRUE(fs::exists(root / folder));
    expect_refused(root / folder, entry["must_mention"]);
    ++count;
  }
  EXPECT_GT(count, 0);
  EXPECT_EQ(message_of(root / "_good"), "");
}

TEST(Malformed, LargeSet) {
  const fs::path root = fs::path(PELLUCID_SOURCE_DIR) / "../shared/golden/models/_malformed";
  if (!fs::exists(root)) GTEST_SKIP() << "no " << root;
  run_manifest(root);
}

}  // namespace
}  // namespace pellucid
