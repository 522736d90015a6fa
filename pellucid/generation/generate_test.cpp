// SPDX-License-Identifier: Apache-2.0
#include "pellucid/generation/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/base/json.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<const Network> load(const fs::path& folder) {
  const ModelConfig config = ModelConfig::read(folder.string());
  Checkpoint checkpoint = Checkpoint::open(folder.string());
  return make_network(named_head(config), config, checkpoint);
}

/// The recorded models that continue texts, by name.
std::map<std::string, std::unique_ptr<const Network>> language_models() {
  std::map<std::string, std::unique_ptr<const Network>> models;
  for (const auto& entry : fs::directory_iterator(PELLUCID_SOURCE_DIR "/tests/goldens/models")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("dec-")) continue;
    auto network = load(entry.path());
    if (network->shape().head == HeadKind::causal_lm) models[name] = std::move(network);
  }
  return models;
}

Sequence part(const std::vector<std::int32_t>& ids, std::int64_t begin, std::int64_t end) {
  Sequence sequence;
  for (std::int64_t i = begin; i < end; ++i) {
    sequence.ids.push_back(ids[std::size_t(i)]);
    sequence.positions.push_back(static_cast<std::int32_t>(i));
    sequence.columns.push_back(static_cast<std::int32_t>(i));
  }
  return sequence;
}

/// Two texts that come in pieces of different sizes have the logits that they have at once.
TEST(KeyValueCache, PiecesHaveTheLogitsOfTheWhole) {
  const std::vector<std::vector<std::int32_t>> texts{{3, 17, 5, 5, 9, 12, 4, 8, 2},
                                                     {11, 6, 18, 2, 7, 7, 13, 10, 1}};
  const std::vector<std::vector<std::int64_t>> ends{{4, 5, 7, 9}, {1, 2, 8, 9}};
  int tried = 0;
  for (const auto& [name, network] : language_models()) {
    if (!network->can_extend()) continue;
    SCOPED_TRACE(name);
    ++tried;
    std::vector<KeyValueCache> caches(2);
    std::vector<KeyValueCache*> pointers{caches.data(), &caches[1]};
    for (std::size_t piece = 0; piece < 4; ++piece) {
      Batch batch;
      for (std::size_t s = 0; s < 2; ++s) {
        batch.add(part(texts[s], caches[s].tokens(), ends[s][piece]));
      }
      const Tensor logits = network->extend(batch, pointers);
      for (std::size_t s = 0; s < 2; ++s) {
        Batch whole;
        whole.add(part(texts[s], 0, ends[s][piece]));
        Tap none;
        const Tensor expected = (*network)(whole, none).value;
        const std::int64_t rows = batch.offsets[s + 1] - batch.offsets[s];
        for (std::int64_t i = 0; i < rows * logits.width(); ++i) {
          ASSERT_NEAR(logits.row(batch.offsets[s])[i], expected.row(ends[s][piece] - rows)[i], 2e-5)
              << "text " << s << ", piece " << piece;
        }
      }
    }
  }
  EXPECT_GT(tried, 10);
}

TEST(Generate, EqualsTheRecordedTokens) {
  const fs::path root = PELLUCID_SOURCE_DIR "/../shared/golden/models";
  if (!fs::exists(root)) GTEST_SKIP() << "no recorded tokens";
  int tried = 0;
  for (const auto& entry : fs::directory_iterator(root)) {
    const fs::path file = entry.path() / "greedy.json";
    if (!fs::exists(file)) continue;
    const auto recorded = read_json_file(file.string(), 1 << 20);
    SCOPED_TRACE(entry.path().filename().string());
    ++tried;
    const auto prompt = recorded.at("prompt_ids").get<std::vector<std::int32_t>>();
    const auto tokens = recorded.at("tokens").get<std::vector<std::int32_t>>();
    const auto network = load(entry.path());
    const Generated generated = generate(*network, prompt, {.max_new_tokens = std::ssize(tokens)});
    EXPECT_EQ(generated.ids, tokens);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      EXPECT_NEAR(generated.log_probabilities[i], recorded.at("log_probs")[i].get<double>(), 1e-4);
    }
  }
  EXPECT_GE(tried, 6);
}

/// The encoder runs once, its keys and values serve all steps and all beams.
TEST(Generate, EncoderDecodersSayWhatIsRecorded) {
  int tried = 0;
  for (const auto& entry : fs::directory_iterator(PELLUCID_SOURCE_DIR "/tests/goldens/seq2seq")) {
    const auto golden = read_json_file((entry.path() / "golden.json").string(), 1 << 24);
    if (golden.at("generated").empty()) continue;
    const auto network = load(entry.path());
    for (const auto& recorded : golden.at("generated")) {
      SCOPED_TRACE(entry.path().filename().string() + " " + recorded.dump());
      ++tried;
      GenerateOptions options{.max_new_tokens = 7};
      options.beams = recorded.at("beams").get<std::int64_t>();
      options.length_penalty = recorded.at("length_penalty").get<double>();
      options.stop_ids = recorded.at("stop_ids").get<std::vector<std::int32_t>>();
      for (const auto& [key, id] :
           {std::pair{"first_id", &options.first_id}, std::pair{"last_id", &options.last_id}}) {
        if (!recorded.at(key).is_null()) *id = recorded.at(key).get<std::int32_t>();
      }
      const auto ids = recorded.at("input_ids").get<std::vector<std::int32_t>>();
      EXPECT_EQ(generate(*network, ids, options).ids,
                recorded.at("tokens").get<std::vector<std::int32_t>>());
    }
  }
  EXPECT_GE(tried, 50);
}

/// Decoder ids that are given are where the decoder goes on.
TEST(Generate, EncoderDecodersGoOnFromDecoderIds) {
  const auto network = load(PELLUCID_SOURCE_DIR "/tests/goldens/seq2seq/marian-odd");
  Sequence text;
  text.ids = {9, 4, 7, 12, 2};
  const Generated all = generate(*network, text, {.max_new_tokens = 6});
  text.decoder_ids = {static_cast<std::int32_t>(network->shape().decoder_start), all.ids[0],
                      all.ids[1]};
  const Generated rest = generate(*network, text, {.max_new_tokens = 4});
  EXPECT_EQ(rest.ids, std::vector<std::int32_t>(all.ids.begin() + 2, all.ids.end()));
  EXPECT_THROW(generate(*network, text, {.max_new_tokens = 11}), UsageError);
}

/// Greedy tokens are those of the whole text run anew each time.
TEST(Generate, EqualsRunningTheWholeTextEachTime) {
  for (const auto& [name, network] : language_models()) {
    SCOPED_TRACE(name);
    std::vector<std::int32_t> ids{3, 17, 5, 9};
    const Generated generated = generate(*network, ids, {.max_new_tokens = 6});
    ASSERT_EQ(generated.ids.size(), 6U);
    for (const std::int32_t id : generated.ids) {
      Batch batch;
      batch.add(part(ids, 0, std::ssize(ids)));
      Tap none;
      const Tensor logits = (*network)(batch, none).value;
      const float* last = logits.row(std::ssize(ids) - 1);
      EXPECT_GE(last[id], *std::max_element(last, last + logits.width()) - 1e-4F);
      ids.push_back(id);
    }
  }
}

TEST(Generate, StopsBehindAStopId) {
  const auto network = load(PELLUCID_SOURCE_DIR "/tests/goldens/models/dec-qwen3");
  const std::vector<std::int32_t> prompt{3, 17, 5, 9};
  const Generated all = generate(*network, prompt, {.max_new_tokens = 6});
  const std::int32_t stop = all.ids[3];
  const auto first = std::find(all.ids.begin(), all.ids.end(), stop) - all.ids.begin();
  const Generated stopped = generate(*network, prompt, {.max_new_tokens = 6, .stop_ids = {stop}});
  EXPECT_EQ(std::ssize(stopped.ids), first + 1);
  EXPECT_EQ(stopped.ids.back(), stop);
}

TEST(Generate, SamplesBySeed) {
  const auto network = load(PELLUCID_SOURCE_DIR "/tests/goldens/models/dec-mistral");
  const std::vector<std::int32_t> prompt{3, 17, 5};
  const auto with = [&](GenerateOptions options) {
    options.max_new_tokens = 8;
    return generate(*network, prompt, options).ids;
  };
  const auto greedy = with({});
  EXPECT_EQ(with({.temperature = 1, .top_k = 1}), greedy);
  EXPECT_EQ(with({.temperature = 1, .top_p = 1e-6}), greedy);
  EXPECT_EQ(with({.temperature = 1e-6}), greedy);
  EXPECT_EQ(with({.temperature = 2, .seed = 5}), with({.temperature = 2, .seed = 5}));
  EXPECT_NE(with({.temperature = 2, .seed = 5}), with({.temperature = 2, .seed = 6}));
}

/// Over many seeds the first token has the frequencies of its probabilities.
TEST(Generate, SamplesByProbability) {
  const auto network = load(PELLUCID_SOURCE_DIR "/tests/goldens/models/dec-olmo2");
  const std::vector<std::int32_t> prompt{3, 17, 5};
  std::map<std::int32_t, double> counts;
  std::map<std::int32_t, double> probabilities;
  constexpr int kDraws = 3000;
  for (int seed = 0; seed < kDraws; ++seed) {
    GenerateOptions options{.max_new_tokens = 1, .temperature = 1, .top_k = 4};
    options.seed = static_cast<std::uint64_t>(seed);
    const Generated generated = generate(*network, prompt, options);
    counts[generated.ids[0]] += 1;
    probabilities[generated.ids[0]] = std::exp(generated.log_probabilities[0]);
  }
  ASSERT_EQ(counts.size(), 4U);
  double all = 0;
  for (const auto& [id, probability] : probabilities) all += probability;
  for (const auto& [id, probability] : probabilities) {
    const double expected = probability / all;
    const double deviation = std::sqrt(expected * (1 - expected) / kDraws);
    EXPECT_NEAR(counts[id] / kDraws, expected, 5 * deviation);
  }
}

TEST(Generate, RefusesWhatCannotBe) {
  const auto network = load(PELLUCID_SOURCE_DIR "/tests/goldens/models/dec-gpt2-inverse");
  const std::vector<std::int32_t> prompt{3, 17, 5}, none;
  EXPECT_THROW(generate(*network, none, {}), UsageError);
  EXPECT_THROW(generate(*network, prompt, {.max_new_tokens = 11}), UsageError);
  EXPECT_THROW(generate(*network, prompt, {.max_new_tokens = 1, .temperature = -1}), UsageError);
  const auto other = load(PELLUCID_SOURCE_DIR "/tests/goldens/models/dec-gpt_neo");
  EXPECT_THROW(generate(*other, prompt, {.max_new_tokens = 1}), UsageError);
}

}  // namespace
}  // namespace pellucid
