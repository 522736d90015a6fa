// SPDX-License-Identifier: Apache-2.0
// Options of decoders' config.json that are refused, and those without effect. What the options do
// is compared in golden_test.cpp.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/json.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"
#include "pellucid/models/network.h"

namespace pellucid {
namespace {

using Json = nlohmann::ordered_json;

std::string folder(const std::string& name) {
  return PELLUCID_SOURCE_DIR "/tests/goldens/models/" + name;
}

/// Loads a folder with changes of its config.json; the warnings that this leaves.
std::vector<std::string> load(const std::string& name, const std::string& changes) {
  Json json = read_json_file(folder(name) + "/config.json", 1 << 20);
  json.update(Json::parse(changes));
  const ModelConfig config = ModelConfig::parse(json.dump(), "config.json");
  Checkpoint checkpoint = Checkpoint::open(folder(name));
  make_network(named_head(config), config, checkpoint);
  return config.warnings();
}

struct Refusal {
  std::string model, changes, named;  // what the message must name
};

TEST(DecoderConfig, RefusesByName) {
  const std::vector<Refusal> refusals{
      {"llama-llama3", R"({"rope_scaling": {"rope_type": "ntk"}})", "ntk"},
      {"llama-llama3", R"({"rope_scaling": {"factor": 2.0}})", "rope_scaling.type"},
      {"llama-llama3", R"({"rope_scaling": {"type": "linear"}})", "factor"},
      {"llama-llama3", R"({"num_key_value_heads": 4})", "4 heads of keys"},
      {"llama-llama3", R"({"hidden_act": "softplus2"})", "softplus2"},
      {"llama-llama3", R"({"head_dim": 6})", "q_proj"},
      {"llama-longrope",
       R"({"rope_scaling": {"type": "longrope", "factor": 2, "short_factor": [1], "long_factor": [1]}})",
       "short_factor"},
      {"phi3-longrope", R"({"rope_scaling": {"type": "linear", "factor": 2.0}})", "linear"},
      {"gpt_neo", R"({"attention_types": [[["global"], 5]]})", "attention_types"},
      {"gpt2-inverse", R"({"add_cross_attention": true})", "add_cross_attention"},
      {"gpt2-inverse", R"({"architectures": ["GPT2DoubleHeadsModel"]})", "GPT2DoubleHeadsModel"},
      {"gptj", R"({"rotary_dim": null})", "rotary_dim"},
      {"falcon-groups", R"({"parallel_attn": false})", "parallel_attn"},
      {"falcon-one-key", R"({"num_ln_in_parallel_attn": 2})", "num_ln_in_parallel_attn"},
      {"gemma3_text", R"({"use_bidirectional_attention": true})", "use_bidirectional_attention"},
      {"gemma2", R"({"layer_types": ["full_attention"]})", "layer_types"},
      {"qwen3", R"({"layer_types": ["sliding_attention", "full_attention"]})", "sliding_window"},
  };
  for (const Refusal& refusal : refusals) {
    try {
      load("dec-" + refusal.model, refusal.changes);
      ADD_FAILURE() << refusal.changes << " is taken";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(refusal.named), std::string::npos) << error.what();
    }
  }
}

TEST(DecoderConfig, NamesWhatHasNoEffect) {
  EXPECT_TRUE(load("dec-llama-llama3", "{}").empty());
  const auto warnings = load("dec-mistral", R"({"attention_bias": true})");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings.front().find("attention_bias"), std::string::npos);
}

}  // namespace
}  // namespace pellucid
