// SPDX-License-Identifier: Apache-2.0
// Options of decoders' config.json that are refused, and those without effect. What the options do
// is compared in golden_test.cpp.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

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

/// The network of a folder whose config.json is changed; the warnings it leaves.
std::vector<std::string> load(const std::string& name, const Json& changes) {
  Json json = read_json_file(folder(name) + "/config.json", 1 << 20);
  json.update(changes);
  const ModelConfig config = ModelConfig::parse(json.dump(), "config.json");
  Checkpoint checkpoint = Checkpoint::open(folder(name));
  make_network(named_head(config), config, checkpoint);
  return config.warnings();
}

/// Expects an Error that names this.
void expect_refused(const std::string& name, const Json& changes, const std::string& named) {
  try {
    load(name, changes);
    FAIL() << changes.dump() << " is taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
  }
}

TEST(DecoderConfig, RefusesByName) {
  const Json nothing = Json::object();
  EXPECT_TRUE(load("dec-llama-llama3", nothing).empty());
  expect_refused("dec-llama-llama3", {{"rope_scaling", {{"rope_type", "ntk"}}}}, "ntk");
  expect_refused("dec-llama-llama3", {{"rope_scaling", {{"factor", 2.0}}}}, "rope_scaling.type");
  expect_refused("dec-llama-llama3", {{"rope_scaling", {{"type", "linear"}}}}, "factor");
  expect_refused("dec-llama-llama3", {{"num_key_value_heads", 4}}, "4 heads of keys");
  expect_refused("dec-llama-llama3", {{"hidden_act", "softplus2"}}, "softplus2");
  expect_refused(
      "dec-llama-longrope",
      {{"rope_scaling",
        {{"type", "longrope"}, {"factor", 2.0}, {"short_factor", {1.0}}, {"long_factor", {1.0}}}}},
      "short_factor");
  expect_refused("dec-phi3-longrope",
                 {{"rope_scaling", {{"rope_type", "linear"}, {"factor", 2.0}}}}, "linear");
  expect_refused("dec-gpt_neo", {{"attention_types", {{{"global"}, 5}}}}, "attention_types");
  expect_refused("dec-gpt2-inverse", {{"add_cross_attention", true}}, "add_cross_attention");
  expect_refused("dec-gpt2-inverse", {{"architectures", {"GPT2DoubleHeadsModel"}}},
                 "GPT2DoubleHeadsModel");
  expect_refused("dec-gptj", {{"rotary_dim", nullptr}}, "rotary_dim");
  expect_refused("dec-falcon-groups", {{"parallel_attn", false}}, "parallel_attn");
  expect_refused("dec-falcon-one-key", {{"num_ln_in_parallel_attn", 2}}, "num_ln_in_parallel_attn");
  expect_refused("dec-gemma3_text", {{"use_bidirectional_attention", true}},
                 "use_bidirectional_attention");
  expect_refused("dec-gemma2", {{"layer_types", {"full_attention"}}}, "layer_types");
  expect_refused("dec-qwen3", {{"layer_types", {"sliding_attention", "full_attention"}}},
                 "sliding_window");
  expect_refused("dec-llama-llama3", {{"head_dim", 6}}, "q_proj");
}

TEST(DecoderConfig, NamesWhatHasNoEffect) {
  const auto warnings = load("dec-mistral", {{"attention_bias", true}});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings.front().find("attention_bias"), std::string::npos);
}

}  // namespace
}  // namespace pellucid
