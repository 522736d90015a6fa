// SPDX-License-Identifier: Apache-2.0
// Answers from made-up logits, against a plain search over all spans.
#include "pellucid/tasks/question_answering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace pellucid {
namespace {

/// [CLS] q [SEP] context [SEP]; the context is "a0 b1c2 ..." where every third token continues a
/// word.
struct Case {
  std::string context{};
  Encoding whole{};
};

Case make_case(std::int64_t size) {
  Case made;
  const auto add = [&](std::int32_t segment, bool special) -> Token& {
    Token token;
    token.segment = segment;
    token.special = special;
    return made.whole.tokens.emplace_back(token);
  };
  add(0, true);
  add(0, false).word = 0;
  add(0, true);
  std::int32_t word = -1;
  for (std::int64_t i = 0; i < size; ++i) {
    const bool continues = i % 3 == 2;
    if (!continues) ++word;
    if (!continues && i > 0) made.context += " ";
    Token& token = add(1, false);
    token.word = word;
    token.span.start = static_cast<std::int64_t>(made.context.size());
    made.context += static_cast<char>('a' + i % 26) + std::to_string(i);
    token.span.end = static_cast<std::int64_t>(made.context.size());
  }
  add(1, true);
  return made;
}

std::vector<AnswerLogits> random_logits(const std::vector<Window>& windows, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, 2);
  std::vector<AnswerLogits> logits;
  for (const Window& window : windows) {
    AnswerLogits& one = logits.emplace_back();
    for (std::size_t i = 0; i < window.tokens.size(); ++i) {
      one.start.push_back(normal(generator));
      one.end.push_back(normal(generator));
    }
  }
  return logits;
}

TEST(Answers, AreThoseOfAPlainSearch) {
  const Case test = make_case(20);
  for (const std::int64_t limit : {24, 14}) {
    const auto windows = make_windows(test.whole, 1, limit, 4);
    const auto logits = random_logits(windows, 3);
    std::vector<Answer> expected;
    double sum = 0;
    for (std::int64_t i = 0; i < 20; ++i) {
      for (std::int64_t j = i; j < std::min<std::int64_t>(20, i + 5); ++j) {
        if (i % 3 == 2 || (j % 3 == 1 && j != 19)) continue;
        const std::int64_t w = best_window(windows, i + 3, j + 3);
        if (w < 0) continue;
        const auto& window = windows[static_cast<std::size_t>(w)];
        const std::int64_t shift = window.begin - 3;
        const auto& scores = logits[static_cast<std::size_t>(w)];
        const double raw =
            static_cast<double>(scores.start[static_cast<std::size_t>(i - shift + 3)]) +
            scores.end[static_cast<std::size_t>(j - shift + 3)];
        const Span span{test.whole.tokens[static_cast<std::size_t>(i + 3)].span.start,
                        test.whole.tokens[static_cast<std::size_t>(j + 3)].span.end};
        expected.push_back({test.context.substr(static_cast<std::size_t>(span.start),
                                                static_cast<std::size_t>(span.size())),
                            span, std::exp(raw)});
        sum += std::exp(raw);
      }
    }
    std::sort(expected.begin(), expected.end(),
              [](const Answer& a, const Answer& b) { return a.score > b.score; });
    const auto found = find_answers(test.whole, test.context, windows, logits, {20, 5, false});
    ASSERT_EQ(found.candidates.size(), 20U);
    EXPECT_FALSE(found.no_answer_score);
    for (std::size_t k = 0; k < 20; ++k) {
      EXPECT_EQ(found.candidates[k].answer, expected[k].answer);
      EXPECT_EQ(found.candidates[k].span, expected[k].span);
      EXPECT_NEAR(found.candidates[k].score, expected[k].score / sum, 1e-12);
    }
  }
}

AnswerLogits flat(const Window& window) {
  return {std::vector<float>(window.tokens.size(), -5),
          std::vector<float>(window.tokens.size(), -5)};
}

TEST(Answers, NeverEndBeforeTheyStartNorLeaveTheContext) {
  const Case test = make_case(6);
  const auto windows = make_windows(test.whole, 1, 100, 4);
  AnswerLogits logits = flat(windows[0]);
  logits.start[1] = 9;  // in the question
  logits.end[9] = 9;    // the last [SEP]
  logits.start[7] = 5;
  logits.end[3] = 5;
  const auto found = find_answers(test.whole, test.context, windows, {logits}, {3, 30, false});
  for (const Answer& answer : found.candidates) {
    EXPECT_LT(answer.span.start, answer.span.end);
    EXPECT_LE(answer.span.end, static_cast<std::int64_t>(test.context.size()));
  }
}

TEST(Answers, EqualTextsCountOnce) {
  Case test = make_case(2);
  test.context = "x x";
  test.whole.tokens[3].span = {0, 1};
  test.whole.tokens[4].span = {2, 3};
  const auto windows = make_windows(test.whole, 1, 100, 4);
  AnswerLogits logits = flat(windows[0]);
  logits.start[4] = logits.end[4] = 2;
  const auto found = find_answers(test.whole, test.context, windows, {logits}, {5, 30, false});
  ASSERT_EQ(found.candidates.size(), 2U);
  EXPECT_EQ(found.candidates[0].span, (Span{2, 3}));
  EXPECT_EQ(found.candidates[1].answer, "x x");
}

TEST(Answers, NoAnswerWinsOnlyIfAllowed) {
  const Case test = make_case(6);
  const auto windows = make_windows(test.whole, 1, 100, 4);
  AnswerLogits logits = flat(windows[0]);
  logits.start[0] = logits.end[0] = 4;
  const auto usual = find_answers(test.whole, test.context, windows, {logits}, {2, 30, false});
  EXPECT_FALSE(usual.candidates.front().answer.empty());
  const auto allowed = find_answers(test.whole, test.context, windows, {logits}, {2, 30, true});
  ASSERT_EQ(allowed.candidates.size(), 2U);
  EXPECT_EQ(allowed.candidates.front().answer, "");
  EXPECT_GT(*allowed.no_answer_score, 0.99);
  logits.start[3] = logits.end[3] = 6;
  const auto better = find_answers(test.whole, test.context, windows, {logits}, {2, 30, true});
  EXPECT_FALSE(better.candidates.front().answer.empty());
  EXPECT_LT(*better.no_answer_score, 0.05);
}

}  // namespace
}  // namespace pellucid
