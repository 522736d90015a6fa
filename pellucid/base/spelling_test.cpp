// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/spelling.h"

#include <gtest/gtest.h>

namespace pellucid {
namespace {

const std::vector<std::string> kMethods = {"saliency", "integrated-gradients", "occlusion", "lime"};

TEST(Spelling, Nearest) {
  EXPECT_EQ(nearest("salency", kMethods), "saliency");
  EXPECT_EQ(nearest("Integrated_Gradients", kMethods), "integrated-gradients");
  EXPECT_EQ(nearest("intergated-gradient", kMethods), "integrated-gradients");
  EXPECT_EQ(nearest("limes", kMethods), "lime");
  EXPECT_EQ(nearest("ilme", kMethods), "lime");
  EXPECT_EQ(nearest("xyz", kMethods), "");
  EXPECT_EQ(nearest("", kMethods), "");
  EXPECT_EQ(nearest("lime", {}), "");
  EXPECT_EQ(nearest("vocab_size", {"type_vocab_size"}), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 'a'), kMethods), "");
}

TEST(Spelling, DidYouMean) {
  EXPECT_EQ(did_you_mean("oclusion", kMethods), "; did you mean \"occlusion\"?");
  EXPECT_EQ(did_you_mean("shapley", kMethods), "");
}

TEST(Spelling, QuoteKeepsMessagesOnOneLine) {
  EXPECT_EQ(quote("a b"), "\"a b\"");
  EXPECT_EQ(quote("naïve 日本 😀"), "\"naïve 日本 😀\"");
  EXPECT_EQ(quote("say \"x\" \\"), R"("say \"x\" \\")");
  EXPECT_EQ(quote("a\nb\x1b[31m\x7f"), R"("a\x0ab\x1b[31m\x7f")");
  EXPECT_EQ(quote("\xff\xc3"), R"("\xff\xc3")");
  EXPECT_EQ(quote("\xc2\x9b"), R"("\xc2\x9b")");          // a control character of two bytes
  EXPECT_EQ(quote("\xed\xa0\x80"), R"("\xed\xa0\x80")");  // a surrogate
  EXPECT_EQ(quote(std::string_view("\0", 1)), R"("\x00")");
  EXPECT_LT(quote(std::string(100'000, 'x')).size(), 300U);
}

}  // namespace
}  // namespace pellucid
