// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/windows.h"

#include <gtest/gtest.h>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// [CLS] 2 words of the question [SEP] `size` words of the context [SEP]
Encoding question_and_context(std::int64_t size) {
  Encoding encoding;
  const auto add = [&](std::int32_t id, std::int32_t segment, bool special) {
    Token token;
    token.id = id;
    token.segment = segment;
    token.special = special;
    encoding.tokens.push_back(token);
  };
  add(100, 0, true);
  add(1, 0, false);
  add(2, 0, false);
  add(101, 0, true);
  for (std::int64_t i = 0; i < size; ++i) add(static_cast<std::int32_t>(10 + i), 1, false);
  add(101, 1, true);
  return encoding;
}

TEST(Windows, OneWindowWhenAllFits) {
  const Encoding whole = question_and_context(5);
  const auto windows = make_windows(whole, 1, 10, 2);
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_EQ(windows[0].tokens.size(), 10U);
  EXPECT_EQ(windows[0].begin, 4);
  EXPECT_EQ(windows[0].end, 9);
}

TEST(Windows, OverlapAndCoverEverything) {
  const Encoding whole = question_and_context(10);
  const auto windows = make_windows(whole, 1, 9, 1);  // 4 of the context each
  ASSERT_EQ(windows.size(), 3U);
  EXPECT_EQ(window_encoding(whole, windows[0]).ids(),
            (std::vector<std::int32_t>{100, 1, 2, 101, 10, 11, 12, 13, 101}));
  EXPECT_EQ(window_encoding(whole, windows[1]).ids(),
            (std::vector<std::int32_t>{100, 1, 2, 101, 13, 14, 15, 16, 101}));
  EXPECT_EQ(window_encoding(whole, windows[2]).ids(),
            (std::vector<std::int32_t>{100, 1, 2, 101, 16, 17, 18, 19, 101}));
}

TEST(Windows, BestIsTheOneWithMostContext) {
  const Encoding whole = question_and_context(10);
  const auto windows = make_windows(whole, 1, 11, 3);  // 6 each, steps of 3: 0-5, 3-8, 6-9
  ASSERT_EQ(windows.size(), 3U);
  EXPECT_EQ(best_window(windows, 4, 4), 0);
  EXPECT_EQ(best_window(windows, 4 + 3, 4 + 3), 0);  // two tokens to the edge, none in the second
  EXPECT_EQ(best_window(windows, 4 + 5, 4 + 5), 1);
  EXPECT_EQ(best_window(windows, 4 + 4, 4 + 4), 0);  // one token to the edge in both
  EXPECT_EQ(best_window(windows, 4 + 4, 4 + 6), 1);
  EXPECT_EQ(best_window(windows, 4 + 0, 4 + 9), -1);
}

TEST(Windows, NoRoomIsAnError) {
  EXPECT_THROW(make_windows(question_and_context(5), 1, 5, 2), Error);
  EXPECT_EQ(make_windows(question_and_context(0), 1, 5, 2).size(), 1U);
  EXPECT_EQ(make_windows(question_and_context(5), 1, 6, 128).size(), 5U);
}

}  // namespace
}  // namespace pellucid
