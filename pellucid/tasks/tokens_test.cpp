// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/tokens.h"

#include <gtest/gtest.h>

#include <cmath>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

using Names = std::vector<std::string>;

const Names kLabels{"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};

/// A token of two characters: "aa" without a space when it continues a word.
struct Piece {
  int word = 0;
  std::vector<double> probabilities{};
};

struct Sentence {
  std::string text{};
  Encoding encoding{};
  std::vector<std::vector<float>> logits{};
};

Sentence make_sentence(const std::vector<Piece>& pieces, std::size_t labels) {
  Sentence sentence;
  Token special;
  special.special = true;
  special.text = "[CLS]";
  sentence.encoding.tokens.push_back(special);
  sentence.logits.emplace_back(labels, 0.0F);
  int last = -1;
  for (const Piece& piece : pieces) {
    if (last >= 0 && piece.word != last) sentence.text += " ";
    Token token;
    token.word = piece.word;
    token.text = "é" + std::to_string(piece.word);
    std::int64_t start = 0;
    for (const char c : sentence.text) start += (c & 0xC0) != 0x80;
    token.span = {start, start + 2};
    sentence.text += token.text;
    sentence.encoding.tokens.push_back(token);
    std::vector<float> row;
    for (const double p : piece.probabilities) row.push_back(static_cast<float>(std::log(p)));
    sentence.logits.push_back(row);
    last = piece.word;
  }
  return sentence;
}

/// Nearly certain of one label.
Piece sure(int word, std::size_t label, std::size_t labels = 5) {
  Piece piece{word, std::vector<double>(labels, 0.1 / static_cast<double>(labels - 1))};
  piece.probabilities[label] = 0.9;
  return piece;
}

TokensPrediction label(const Sentence& sentence, Grouping grouping, const Names& labels = kLabels,
                       Names ignored = {"O"}) {
  return label_tokens(sentence.encoding, sentence.text, labels, sentence.logits,
                      {grouping, std::move(ignored)});
}

std::string shown(const TokensPrediction& prediction) {
  std::string text;
  for (const Entity& entity : prediction.entities) {
    text += entity.label + "[" + entity.text + "] ";
  }
  return text;
}

TEST(Tokens, SimpleMergesEqualTagsUntilTheNextBegins) {
  const Sentence sentence = make_sentence(
      {sure(0, 1), sure(0, 2), sure(1, 0), sure(2, 3), sure(3, 4), sure(4, 3), sure(5, 2)}, 5);
  const TokensPrediction found = label(sentence, Grouping::simple);
  EXPECT_EQ(shown(found), "PER[é0é0] LOC[é2 é3] LOC[é4] PER[é5] ");
  EXPECT_NEAR(found.entities[0].score, 0.9, 1e-6);
  EXPECT_EQ(found.entities[1].tokens, (std::vector<std::int64_t>{4, 5}));
  EXPECT_EQ(found.entities[1].span, (Span{8, 13}));
  EXPECT_EQ(found.tokens.size(), 8U);
  EXPECT_FALSE(found.tokens[0].span.has_value());
  EXPECT_EQ(found.tokens[1].label, "B-PER");
}

TEST(Tokens, NoneKeepsEveryTokenWithItsLabel) {
  const Sentence sentence = make_sentence({sure(0, 1), sure(0, 2), sure(1, 0)}, 5);
  EXPECT_EQ(shown(label(sentence, Grouping::none)), "B-PER[é0] I-PER[é0] ");
  EXPECT_EQ(shown(label(sentence, Grouping::none, kLabels, {})), "B-PER[é0] I-PER[é0] O[é1] ");
}

TEST(Tokens, WordStrategies) {
  const Names labels{"O", "A", "B"};
  const Sentence sentence = make_sentence(
      {{0, {0.3, 0.4, 0.3}}, {0, {0.1, 0.3, 0.6}}, {0, {0.5, 0.25, 0.25}}, {1, {0.8, 0.1, 0.1}}},
      3);
  const auto first = label(sentence, Grouping::first, labels).entities;
  const auto average = label(sentence, Grouping::average, labels).entities;
  const auto max = label(sentence, Grouping::max, labels).entities;
  ASSERT_EQ(first.size() + average.size() + max.size(), 3U);
  EXPECT_EQ(first[0].label, "A");
  EXPECT_NEAR(first[0].score, 0.4, 1e-6);
  EXPECT_EQ(average[0].label, "B");
  EXPECT_NEAR(average[0].score, (0.3 + 0.6 + 0.25) / 3, 1e-6);
  EXPECT_EQ(max[0].label, "B");
  EXPECT_NEAR(max[0].score, 0.6, 1e-6);
  EXPECT_EQ(first[0].text, "é0é0é0");
}

TEST(Tokens, EndsAndSinglesStandAlone) {
  const Names labels{"O", "B-X", "I-X", "E-X", "S-X"};
  const Sentence sentence =
      make_sentence({sure(0, 1), sure(1, 2), sure(2, 3), sure(3, 2), sure(4, 4), sure(5, 2)}, 5);
  EXPECT_EQ(shown(label(sentence, Grouping::simple, labels)), "X[é0 é1 é2] X[é3] X[é4] X[é5] ");
  EXPECT_EQ(read_tag("U-X", true).place, Place::single);
  EXPECT_EQ(read_tag("L-X", true).place, Place::end);
  EXPECT_EQ(read_tag("U-X", false).name, "U-X");
  EXPECT_EQ(read_tag("PER", true).place, Place::inside);
}

TEST(Tokens, UnprefixedLabelsMerge) {
  const Names labels{"O", "PER", "LOC"};
  const Sentence sentence =
      make_sentence({sure(0, 1, 3), sure(1, 1, 3), sure(2, 2, 3), sure(3, 0, 3)}, 3);
  EXPECT_EQ(shown(label(sentence, Grouping::simple, labels)), "PER[é0 é1] LOC[é2] ");
  EXPECT_EQ(shown(label(sentence, Grouping::simple, labels, {"O", "PER"})), "LOC[é2] ");
}

TEST(Tokens, NothingButSpecials) {
  const Sentence sentence = make_sentence({}, 5);
  EXPECT_TRUE(label(sentence, Grouping::average).entities.empty());
  EXPECT_EQ(parse_grouping("average"), Grouping::average);
  EXPECT_THROW(parse_grouping("mean"), UsageError);
}

}  // namespace
}  // namespace pellucid
