// SPDX-License-Identifier: Apache-2.0
// Tokens drawn from a masked language model, with a network whose answers are known.
#include "pellucid/evaluator/proposer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::int64_t kFavourite = 100;  // the most probable token

const Tokenizer& tokenizer() {
  static const Tokenizer loaded =
      Tokenizer::load(std::string(PELLUCID_SOURCE_DIR) + "/demo/demo-emotion");
  return loaded;
}

/// Token k behind the favourite is exp(k / 10) times less probable than it; special tokens and
/// those before the favourite are the most probable of all, to see that they are left out or
/// counted.
class KnownLanguageModel : public Network {
 public:
  KnownLanguageModel() {
    shape_.head = HeadKind::masked_lm;
    shape_.vocabulary = shape_.outputs = tokenizer().vocabulary_size();
    shape_.max_positions = 100;
    shape_.hidden = 1;
    shape_.types = 2;
    shape_.tracked_floats_per_token = shape_.untracked_floats_per_token = 1;
  }

  Variable operator()(const Batch& batch, Tap& /*tap*/) const override {
    Tensor logits = Tensor::zeros({static_cast<std::int64_t>(batch.reads.size()), shape_.outputs});
    for (std::int64_t row = 0; row < logits.rows(); ++row) {
      EXPECT_EQ(batch.ids[static_cast<std::size_t>(batch.reads[static_cast<std::size_t>(row)])],
                *tokenizer().mask_id());
      for (std::int64_t id = 0; id < shape_.outputs; ++id) {
        logits.row(row)[id] = tokenizer().is_special(static_cast<std::int32_t>(id)) ? 50
                              : id < kFavourite                                     ? -1000
                                                : -static_cast<float>(id - kFavourite) / 10;
      }
    }
    return Variable(std::move(logits));
  }

  Tensor embed(std::span<const std::int32_t> ids) const override {
    return Tensor::zeros({static_cast<std::int64_t>(ids.size()), 1});
  }
};

Proposer known_proposer() {
  std::vector<std::string> names;
  for (std::int64_t id = 0; id < tokenizer().vocabulary_size(); ++id) {
    names.push_back(std::to_string(id));
  }
  return Proposer(
      Model::from_parts("known", std::make_unique<KnownLanguageModel>(), tokenizer(), names));
}

Sequence input_of(std::size_t length) {
  Sequence input;
  input.ids.assign(length, static_cast<std::int32_t>(kFavourite) + 1);  // never drawn again
  input.types.assign(length, 0);
  return input;
}

TEST(Proposer, DrawsByProbabilityAmongTheFiftyOthers) {
  constexpr int kVariants = 400;
  const Sequence input = input_of(10);
  std::map<std::int32_t, double> counts;
  const std::vector<std::vector<bool>> all{std::vector<bool>(10, false)};
  const Proposer proposer = known_proposer();
  for (int seed = 0; seed < kVariants; ++seed) {
    const auto variants = proposer.draw(input, all, [&](std::uint32_t probe) {
      return Draws(static_cast<std::uint64_t>(seed), Stream::replacement_tokens, probe, 7);
    });
    for (const std::int32_t id : variants.at(0).ids) ++counts[id];
  }
  double sum = 0;
  for (int k = 0; k <= 50; ++k) sum += k == 1 ? 0 : std::exp(-k / 10.0);
  for (const auto& [id, count] : counts) {
    const std::int64_t k = id - kFavourite;
    ASSERT_GE(k, 0);
    ASSERT_LE(k, 50);
    ASSERT_NE(k, 1);
    const double expected = kVariants * 10 * std::exp(-static_cast<double>(k) / 10) / sum;
    EXPECT_NEAR(count, expected, 5 * std::sqrt(expected) + 1) << id;
  }
  EXPECT_GT(counts.size(), 40U);
}

TEST(Proposer, KeepsTheRestAndAnswersEqualVariantsAlike) {
  const Sequence input = input_of(6);
  std::vector<bool> one(6, true), two(6, true);
  one[2] = two[2] = two[4] = false;
  const auto variants = known_proposer().draw(
      input, {one, two, one, std::vector<bool>(6, true)},
      [](std::uint32_t probe) { return Draws(3, Stream::replacement_tokens, probe, 7); });
  EXPECT_EQ(variants[0].ids, variants[2].ids);
  EXPECT_EQ(variants[3].ids, input.ids);
  EXPECT_NE(variants[0].ids[2], input.ids[2]);
  for (const std::size_t kept : {0, 1, 3, 4, 5}) EXPECT_EQ(variants[0].ids[kept], input.ids[kept]);
  EXPECT_NE(variants[1].ids[4], input.ids[4]);
  EXPECT_TRUE(variants[0].reads.empty());
}

TEST(Proposer, WithoutALanguageModelIsRefused) {
  const Model classifier = Model::load(std::string(PELLUCID_SOURCE_DIR) + "/demo/demo-emotion");
  EXPECT_THROW(Proposer::load(classifier, ""), UsageError);
  EXPECT_THROW(Proposer::load(classifier, "/nowhere"), Error);
}

}  // namespace
}  // namespace pellucid
