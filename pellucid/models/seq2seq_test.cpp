// SPDX-License-Identifier: Apache-2.0
// Encoder-decoders: ways to the same numbers (packed or alone, with caches, with few rows, with the
// encoder's outputs given) agree. That the numbers are right is shown by the test
// cli.inspect_goldens.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "pellucid/base/error.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"
#include "pellucid/models/network.h"
#include "pellucid/models/relative_buckets.h"
#include "pellucid/ops/product.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

/// The recorded models with two stacks, by name.
const std::map<std::string, std::unique_ptr<const Network>>& networks() {
  static const auto all = [] {
    std::map<std::string, std::unique_ptr<const Network>> result;
    for (const auto& entry : fs::directory_iterator(PELLUCID_SOURCE_DIR "/tests/goldens/seq2seq")) {
      const ModelConfig config = ModelConfig::read(entry.path().string());
      Checkpoint checkpoint = Checkpoint::open(entry.path().string());
      auto network = make_network(named_head(config), config, checkpoint);
      EXPECT_TRUE(checkpoint.unused().empty())
          << entry.path() << " " << checkpoint.unused().front();
      if (network->shape().has_decoder()) {
        result[entry.path().filename().string()] = std::move(network);
      }
    }
    return result;
  }();
  return all;
}

/// Texts of unequal length that end with the end token.
std::vector<Sequence> sequences(bool decoder_ids) {
  std::vector<Sequence> result(3);
  result[0].ids = {9, 4, 7, 12, 2};
  result[1].ids = {13, 2};
  result[2].ids = {5, 11, 8, 8, 6, 14, 10, 2};
  if (!decoder_ids) return result;
  result[0].decoder_ids = {3, 9, 12};
  result[1].decoder_ids = {4, 15, 6, 7, 7, 10};
  result[2].decoder_ids = {8};
  return result;
}

bool needs_decoder_ids(const Network& network) {
  const HeadKind head = network.shape().head;
  return head == HeadKind::seq2seq_lm || head == HeadKind::none;
}

Batch packed(const std::vector<Sequence>& all) {
  Batch batch;
  for (const Sequence& sequence : all) batch.add(sequence);
  return batch;
}

void expect_equal(const Tensor& found, const float* expected, const std::string& what) {
  for (std::int64_t i = 0; i < found.size(); ++i) {
    if (rows_are_independent()) {
      ASSERT_EQ(found.data()[i], expected[i]) << what;
    } else {
      ASSERT_NEAR(found.data()[i], expected[i], 1e-5) << what;
    }
  }
}

TEST(Seq2Seq, PackedSequencesEqualSingleOnes) {
  for (const auto& [name, network] : networks()) {
    SCOPED_TRACE(name);
    const std::vector<Sequence> all = sequences(needs_decoder_ids(*network));
    const Batch batch = packed(all);
    Tap none;
    const Tensor together = (*network)(batch, none).value;
    for (std::size_t s = 0; s < all.size(); ++s) {
      const Tensor alone = (*network)(packed({all[s]}), none).value;
      const auto first = network->shape().pooled() ? std::int64_t(s) : batch.read_offsets[s];
      expect_equal(alone, together.row(first), "sequence " + std::to_string(s));
    }
  }
  EXPECT_GT(networks().size(), 15U);
}

/// The decoder's texts come in pieces, behind an encoder that ran once.
TEST(Seq2Seq, CachesHaveTheLogitsOfTheWhole) {
  for (const auto& [name, network] : networks()) {
    if (!network->can_extend()) continue;
    SCOPED_TRACE(name);
    std::vector<Sequence> all = sequences(true);
    all[2].decoder_ids = {3, 5, 9, 4};
    Tap none;
    const Batch whole = packed(all);
    const Tensor expected = (*network)(whole, none).value;
    std::vector<KeyValueCache> caches(all.size());
    std::vector<KeyValueCache*> pointers;
    for (KeyValueCache& cache : caches) pointers.push_back(&cache);
    network->encode(whole, pointers);
    for (const std::size_t piece : {1U, 2U, 3U}) {
      Batch batch;
      for (std::size_t s = 0; s < all.size(); ++s) {
        Sequence next;
        const auto begin = std::size_t(caches[s].tokens());
        const std::size_t end = piece == 3 ? all[s].decoder_ids.size() : piece;
        for (std::size_t i = begin; i < end; ++i) {
          next.ids.push_back(all[s].decoder_ids[i]);
          next.positions.push_back(static_cast<std::int32_t>(i));
        }
        if (piece == 3) next.reads = {next.size() - 1};
        batch.add(next);
      }
      const Tensor logits = network->extend(batch, pointers);
      for (std::size_t s = 0; s < all.size(); ++s) {
        const std::int64_t row = whole.decoder_offsets[s] + caches[s].tokens() - 1;
        for (std::int64_t i = 0; i < logits.width(); ++i) {
          ASSERT_NEAR(logits.row(batch.read_offsets[s + 1] - 1)[i], expected.row(row)[i], 2e-5)
              << "sequence " << s << ", piece " << piece;
        }
      }
    }
  }
}

struct Pulled {
  Tensor output;
  std::vector<Tensor> gradients;  // of encoder and decoder
};

/// Gradients of the sum of all outputs of the rows that are read.
Pulled pull(const Network& network, const Batch& batch, const std::vector<std::string>& taps,
            const Tensor& encoded = {}) {
  Tape tape;
  Tap tap;
  if (encoded.defined()) tap.replace("encoder-outputs", encoded);
  for (const std::string& name : taps) tap.differentiate(name, tape);
  const Variable output = network(batch, tap);
  Tensor ones = Tensor::uninitialized({output.rows(), output.width()});
  std::fill_n(ones.data(), ones.size(), 1.0F);
  std::vector<Variable> leaves;
  for (const std::string& name : taps) leaves.push_back(tap.leaf(name));
  return {output.value, tape.pull_back(output, ones, leaves)};
}

/// Only the rows of the decoder that are asked for are computed in its last layer.
TEST(Seq2Seq, FewRowsEqualThoseOfAll) {
  for (const auto& [name, network] : networks()) {
    if (network->shape().pooled()) continue;
    SCOPED_TRACE(name);
    std::vector<Sequence> all = sequences(needs_decoder_ids(*network));
    const Batch batch = packed(all);
    all[0].reads = {0, 2};
    all[1].reads = {1};
    all[2].reads = {0};
    const Batch few = packed(all);
    Tap none;
    const Tensor whole = (*network)(batch, none).value;
    Tape tape;
    Tap tap;
    tap.differentiate("embeddings", tape);
    tap.differentiate("decoder-embeddings", tape);
    const Variable output = (*network)(batch, tap);
    Tensor cotangent = Tensor::zeros({output.rows(), output.width()});
    for (const std::int64_t row : few.reads) {
      std::fill_n(cotangent.row(row), cotangent.width(), 1.0F);
    }
    const std::vector<Variable> leaves{tap.leaf("embeddings"), tap.leaf("decoder-embeddings")};
    const std::vector<Tensor> expected = tape.pull_back(output, cotangent, leaves);
    const Pulled found = pull(*network, few, {"embeddings", "decoder-embeddings"});
    ASSERT_EQ(found.output.rows(), 4);
    for (std::size_t i = 0; i < few.reads.size(); ++i) {
      for (std::int64_t c = 0; c < whole.width(); ++c) {
        ASSERT_NEAR(found.output.row(std::int64_t(i))[c], whole.row(few.reads[i])[c], 2e-5);
      }
    }
    for (std::size_t side = 0; side < 2; ++side) {
      ASSERT_EQ(found.gradients[side].size(), expected[side].size());
      for (std::int64_t i = 0; i < expected[side].size(); ++i) {
        ASSERT_NEAR(found.gradients[side].data()[i], expected[side].data()[i], 2e-4);
      }
    }
  }
}

/// The encoder's outputs, given, serve other texts of the decoder; gradients arrive at them.
TEST(Seq2Seq, EncoderOutputsCanBeGiven) {
  for (const auto& [name, network] : networks()) {
    SCOPED_TRACE(name);
    const Batch batch = packed(sequences(needs_decoder_ids(*network)));
    Tap tap;
    tap.read("encoder-outputs");
    const Tensor expected = (*network)(batch, tap).value;
    const Tensor encoded = tap.value("encoder-outputs");
    EXPECT_EQ(encoded.rows(), batch.tokens());
    const Pulled found = pull(*network, batch, {"encoder-outputs", "decoder-embeddings"}, encoded);
    expect_equal(found.output, expected.data(), "outputs");
    EXPECT_EQ(found.gradients[0].rows(), batch.tokens());
    Tap without_encoder;
    without_encoder.replace("encoder-outputs", encoded);
    without_encoder.read("embeddings");
    (*network)(batch, without_encoder);
    EXPECT_THROW(without_encoder.value("embeddings"), Error);
  }
}

TEST(Seq2Seq, DecoderIdsAreMadeByTheFamilysRule) {
  const std::vector<std::int32_t> ids{9, 4, 7, 2, 1, 1};
  const auto made = [&](const std::string& name) { return networks().at(name)->decoder_ids(ids); };
  EXPECT_EQ(made("bart-untied"), (std::vector<std::int32_t>{5, 9, 4, 7, 2, 1}));
  EXPECT_EQ(made("mbart-shifts"), (std::vector<std::int32_t>{2, 9, 4, 7, 2, 1}));
  EXPECT_EQ(made("t5-question"), (std::vector<std::int32_t>{0, 9, 4, 7, 2, 1}));
  EXPECT_THROW(made("marian-untied"), Error);
  EXPECT_THROW(made("t5-gated"), Error);
}

TEST(Seq2Seq, WordsOfTheDecoderAreItsOwn) {
  const std::vector<std::int32_t> ids{9, 4};
  const Network& own = *networks().at("marian-unshared");
  EXPECT_NE(own.embed(ids).row(0)[0], own.embed_decoder(ids).row(0)[0]);
  const Network& shared = *networks().at("bart-depths");
  EXPECT_EQ(shared.embed(ids).row(1)[2], shared.embed_decoder(ids).row(1)[2]);
}

TEST(RelativeBuckets, OfTheDecoderLookBackAlone) {
  EXPECT_EQ(relative_bucket(3, 8, 20, true), 0);
  EXPECT_EQ(relative_bucket(0, 8, 20, true), 0);
  EXPECT_EQ(relative_bucket(-3, 8, 20, true), 3);
  EXPECT_EQ(relative_bucket(-4, 8, 20, true), 4);
  EXPECT_EQ(relative_bucket(-19, 8, 20, true), 7);
  EXPECT_EQ(relative_bucket(-1000, 8, 20, true), 7);
  EXPECT_EQ(relative_bucket(3, 8, 20), 6);
}

}  // namespace
}  // namespace pellucid
