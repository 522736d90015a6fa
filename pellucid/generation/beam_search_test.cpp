// SPDX-License-Identifier: Apache-2.0
#include "pellucid/generation/beam_search.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "pellucid/base/error.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"

namespace pellucid {
namespace {

const Network& load(const std::string& name) {
  static std::map<std::string, std::unique_ptr<const Network>> networks;
  if (networks.contains(name)) return *networks[name];
  const std::string folder = PELLUCID_SOURCE_DIR "/tests/goldens/models/dec-" + name;
  const ModelConfig config = ModelConfig::read(folder);
  Checkpoint checkpoint = Checkpoint::open(folder);
  networks[name] = make_network(named_head(config), config, checkpoint);
  return *networks[name];
}

struct Recorded {
  std::string model;
  std::vector<std::int32_t> prompt;
  std::int64_t beams;
  double length_penalty;
  bool early_stopping;
  std::vector<std::int32_t> stop_ids, answer;
};

/// 7 new tokens at most, by `generate` of transformers 4.57.6.
const std::vector<Recorded> kRecorded{
    {"mistral", {3, 17, 5}, 2, 1.0, false, {}, {6, 4, 13, 13, 13, 15, 13}},
    {"mistral", {3, 17, 5}, 3, 1.0, false, {7, 12}, {6, 4, 13, 13, 13, 5, 14}},
    {"mistral", {3, 17, 5}, 4, 0.0, false, {4}, {6, 4}},
    {"mistral", {3, 17, 5}, 3, 2.0, false, {9, 10}, {6, 4, 13, 13, 13, 5, 14}},
    {"mistral", {3, 17, 5}, 3, 1.0, true, {7, 12, 3}, {6, 4, 13, 13, 13, 5, 14}},
    {"mistral", {3, 17, 5}, 4, -1.0, false, {5, 6}, {6}},
    {"mistral", {11, 6, 18, 2}, 2, 1.0, false, {}, {4, 9, 13, 13, 15, 7, 16}},
    {"mistral", {11, 6, 18, 2}, 3, 1.0, false, {7, 12}, {4, 9, 13, 13, 15, 13, 9}},
    {"mistral", {11, 6, 18, 2}, 4, 0.0, false, {4}, {4}},
    {"mistral", {11, 6, 18, 2}, 3, 2.0, false, {9, 10}, {5, 4, 13, 13, 13, 15, 13}},
    {"mistral", {11, 6, 18, 2}, 3, 1.0, true, {7, 12, 3}, {4, 9, 13, 13, 15, 13, 9}},
    {"mistral", {11, 6, 18, 2}, 4, -1.0, false, {5, 6}, {5}},
    {"gpt2-inverse", {3, 17, 5}, 2, 1.0, false, {}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {3, 17, 5}, 3, 1.0, false, {7, 12}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {3, 17, 5}, 4, 0.0, false, {4}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {3, 17, 5}, 3, 2.0, false, {9, 10}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {3, 17, 5}, 3, 1.0, true, {7, 12, 3}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {3, 17, 5}, 4, -1.0, false, {5, 6}, {6}},
    {"gpt2-inverse", {11, 6, 18, 2}, 2, 1.0, false, {}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {11, 6, 18, 2}, 3, 1.0, false, {7, 12}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {11, 6, 18, 2}, 4, 0.0, false, {4}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {11, 6, 18, 2}, 3, 2.0, false, {9, 10}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {11, 6, 18, 2}, 3, 1.0, true, {7, 12, 3}, {13, 13, 13, 13, 13, 13, 13}},
    {"gpt2-inverse", {11, 6, 18, 2}, 4, -1.0, false, {5, 6}, {13, 6}},
    {"bloom-residual", {3, 17, 5}, 2, 1.0, false, {}, {13, 6, 6, 6, 6, 6, 6}},
    {"bloom-residual", {3, 17, 5}, 3, 1.0, false, {7, 12}, {13, 6, 6, 6, 6, 6, 6}},
    {"bloom-residual", {3, 17, 5}, 4, 0.0, false, {4}, {13, 6, 6, 6, 6, 6, 6}},
    {"bloom-residual", {3, 17, 5}, 3, 2.0, false, {9, 10}, {13, 6, 6, 6, 6, 6, 6}},
    {"bloom-residual", {3, 17, 5}, 3, 1.0, true, {7, 12, 3}, {13, 6, 6, 6, 6, 6, 6}},
    {"bloom-residual", {3, 17, 5}, 4, -1.0, false, {5, 6}, {5}},
    {"bloom-residual", {11, 6, 18, 2}, 2, 1.0, false, {}, {14, 14, 14, 14, 14, 14, 14}},
    {"bloom-residual", {11, 6, 18, 2}, 3, 1.0, false, {7, 12}, {14, 14, 14, 14, 14, 14, 14}},
    {"bloom-residual", {11, 6, 18, 2}, 4, 0.0, false, {4}, {14, 14, 14, 14, 14, 14, 14}},
    {"bloom-residual", {11, 6, 18, 2}, 3, 2.0, false, {9, 10}, {14, 14, 14, 14, 14, 14, 14}},
    {"bloom-residual", {11, 6, 18, 2}, 3, 1.0, true, {7, 12, 3}, {14, 14, 14, 14, 14, 14, 14}},
    {"bloom-residual", {11, 6, 18, 2}, 4, -1.0, false, {5, 6}, {14, 14, 14, 14, 14, 14, 14}},
    {"gemma2", {3, 17, 5}, 2, 1.0, false, {}, {5, 5, 7, 7, 7, 7, 7}},
    {"gemma2", {3, 17, 5}, 3, 1.0, false, {7, 12}, {5, 5, 5, 11, 11, 11, 11}},
    {"gemma2", {3, 17, 5}, 4, 0.0, false, {4}, {3, 3, 3, 3, 3, 3, 3}},
    {"gemma2", {3, 17, 5}, 3, 2.0, false, {9, 10}, {5, 5, 7, 7, 7, 7, 7}},
    {"gemma2", {3, 17, 5}, 3, 1.0, true, {7, 12, 3}, {5, 5, 5, 5, 7}},
    {"gemma2", {3, 17, 5}, 4, -1.0, false, {5, 6}, {5}},
    {"gemma2", {11, 6, 18, 2}, 2, 1.0, false, {}, {2, 2, 13, 7, 7, 7, 7}},
    {"gemma2", {11, 6, 18, 2}, 3, 1.0, false, {7, 12}, {0, 0, 0, 4, 4, 4, 4}},
    {"gemma2", {11, 6, 18, 2}, 4, 0.0, false, {4}, {0, 0, 0, 4}},
    {"gemma2", {11, 6, 18, 2}, 3, 2.0, false, {9, 10}, {2, 2, 13, 7, 7, 7, 7}},
    {"gemma2", {11, 6, 18, 2}, 3, 1.0, true, {7, 12, 3}, {0, 0, 0, 4, 4, 4, 4}},
    {"gemma2", {11, 6, 18, 2}, 4, -1.0, false, {5, 6}, {0, 0, 0, 4, 4, 4, 4}},
};

TEST(BeamSearch, EqualsTheReferenceLibrary) {
  for (const Recorded& recorded : kRecorded) {
    SCOPED_TRACE(::testing::Message() << recorded.model << ", " << recorded.beams << " beams, "
                                      << recorded.length_penalty);
    GenerateOptions options;
    options.max_new_tokens = 7;
    options.beams = recorded.beams;
    options.length_penalty = recorded.length_penalty;
    options.early_stopping = recorded.early_stopping;
    options.stop_ids = recorded.stop_ids;
    const Network& network = load(recorded.model);
    EXPECT_EQ(generate(network, recorded.prompt, options).ids, recorded.answer);
  }
}

/// With as many beams as there are texts it finds the most probable of all.
TEST(BeamSearch, FindsTheBestWithEnoughBeams) {
  const Network& network = load("mistral");
  const std::vector<std::int32_t> prompt{3, 17, 5};
  const auto total = [&](std::int64_t beams) {
    GenerateOptions options;
    options.max_new_tokens = 3;
    options.beams = beams;
    double sum = 0;
    for (const double value : generate(network, prompt, options).log_probabilities) sum += value;
    return sum;
  };
  const double best = total(19 * 19);
  EXPECT_GE(best + 1e-5, total(2));
  EXPECT_GE(best + 1e-5, total(1));
}

TEST(BeamSearch, RefusesATemperature) {
  const Network& network = load("mistral");
  const std::vector<std::int32_t> prompt{3, 17, 5};
  GenerateOptions options;
  options.beams = 2;
  options.temperature = 1;
  EXPECT_THROW(generate(network, prompt, options), UsageError);
}

}  // namespace
}  // namespace pellucid
