// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/regex/regex.h"

#include <gtest/gtest.h>

#include "pellucid/base/error.h"
#include "pellucid/text/gpt2_pattern.h"
#include "pellucid/text/grapheme.h"
#include "pellucid/text/regex/classes.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

/// The text with every match in brackets.
std::string marked(const std::string& pattern, const std::string& text) {
  const std::u32string characters = decode_utf8(text);
  std::vector<Found> found;
  Regex(pattern, "test").find(characters, found);
  std::string result;
  for (const Found& part : found) {
    const std::string piece =
        encode_utf8(std::u32string_view(characters).substr(part.begin, part.end - part.begin));
    result += part.is_match ? "[" + piece + "]" : piece;
  }
  return result;
}

std::string refusal(const std::string& pattern) {
  try {
    const Regex regex(pattern, "test");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

// What the tokenizers library (Oniguruma) answers to the same questions.
TEST(Regex, SpeaksRuby) {
  EXPECT_EQ(marked(R"(\p{N}{1,3}+)", "1234567"), "[1234567]");  // a repetition repeated
  EXPECT_EQ(marked("a{2}?b", "aab b"), "[aab] [b]");            // a{2} or nothing
  EXPECT_EQ(marked("a{,2}b", "aaab"), "a[aab]");
  EXPECT_EQ(marked("a{3,2}", "aaaa"), "[aaa]a");  // {2,3}, possessive
  EXPECT_EQ(marked("a{", "a{"), "[a{]");
  EXPECT_EQ(marked("^a", "a\na"), "[a]\n[a]");
  EXPECT_EQ(marked("a$", "a\na\n"), "[a]\n[a]\n");
  EXPECT_EQ(marked("^", "a\n"), "[]a\n");
  EXPECT_EQ(marked("$", "a\n"), "a[]\n[]");
  EXPECT_EQ(marked("(?m:.)", "\na"), "[\n][a]");
  EXPECT_EQ(marked(".", "\na"), "\n[a]");
  EXPECT_EQ(marked("a(?i)b|c", "aB C aC"), "[aB] C [aC]");
  EXPECT_EQ(marked(R"(\h+)", "abz"), "[ab]z");
  EXPECT_EQ(marked("[a-z&&[^aeiou]]+", "abcde"), "a[bcd]e");
  EXPECT_EQ(marked("[]a]+", "a]b"), "[a]]b");
  EXPECT_EQ(marked("[a-c-e]+", "abc-ed"), "[abc-e]d");
  EXPECT_EQ(marked("[[:punct:]]", "$a€"), "[$]a[€]");
  EXPECT_EQ(marked("(?x) a b # c", "ab"), "[ab]");
  EXPECT_EQ(marked(R"(\R)", "\r\n\r"), "[\r\n][\r]");
  EXPECT_EQ(marked(R"((?<=a|bc)d)", "ad bcd"), "a[d] bc[d]");
  EXPECT_EQ(marked(R"(\bb)", "ab b"), "ab [b]");
  EXPECT_EQ(marked(R"(\w+)", "½²\u200Dx"), "[½²]\u200D[x]");
}

TEST(Regex, IgnoresCaseAsOniguruma) {
  EXPECT_EQ(marked("(?i:'s)", "'S '\u017F"), "['S] ['\u017F]");
  EXPECT_EQ(marked("(?i:ss)", "ß ẞ SS"), "[ß] [ẞ] [SS]");
  EXPECT_EQ(marked("(?i)ß", "ss SS"), "[ss] [SS]");
  EXPECT_EQ(marked("(?i)[ß]", "ss SS"), "[ss] [SS]");
  EXPECT_EQ(marked("(?i:st)", "\uFB06 \uFB05 ST"), "[\uFB06] [\uFB05] [ST]");
  EXPECT_EQ(marked("(?i:k)", "\u212Ak"), "[\u212A][k]");
  EXPECT_EQ(marked("(?i)[^k]", "K\u212AA"), "K\u212A[A]");
  EXPECT_EQ(marked(R"((?i)\p{Lu})", "aA"), "a[A]");
  EXPECT_EQ(marked(R"((?i)[\p{Lu}])", "aA"), "[a][A]");
}

TEST(Regex, EmptyMatchesDoNotFollowAMatch) {
  EXPECT_EQ(marked("", "ab"), "[]a[]b[]");
  EXPECT_EQ(marked("a*", "baac"), "[]b[aa]c[]");
}

TEST(Regex, WhatCannotBeExpressedIsNamed) {
  EXPECT_EQ(refusal("(a"), R"(test: the pattern "(a" at character 2: expected ))");
  for (const char* pattern :
       {"(?s).", "(a)\\1", "\\X", "\\y", "(?~ab)", "(?<n>a)\\g<n>", "[\\w-x]", "[a", "a)", "*a",
        "^*a", "\\p{XX}", "[[:foo:]]", "[z-a]", "\\xE9", "(?<=a+)b", "a{1,99999}", "\\"}) {
    EXPECT_NE(refusal(pattern), "accepted") << pattern;
    EXPECT_EQ(refusal(pattern).find('\n'), std::string::npos) << pattern;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += '(';
  EXPECT_NE(refusal(deep), "accepted");
  for (char& character : deep) character = '[';
  EXPECT_NE(refusal(deep), "accepted");
}

TEST(Regex, MegabytesTakeLinearTime) {
  const std::string llama =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
      R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
  for (const std::string& pattern : {llama, std::string(kGpt2Pattern), std::string("(?:a|b)+")}) {
    const Regex regex(pattern, "test");
    for (const char32_t character : {U'a', U' ', U'1', U'.', U'\n', U'\u0301', U'中'}) {
      std::vector<Found> found;
      regex.find(std::u32string(1'000'000, character), found);
      ASSERT_FALSE(found.empty());
      EXPECT_EQ(found.back().end, 1'000'000U);
    }
  }
}

/// Texts that put every character, and characters of every kind, beside one another.
std::vector<std::u32string> texts_of_all_characters() {
  std::vector<std::u32string> texts(3);
  for (char32_t c = 0; c <= kLastCharacter; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    texts[0] += c;
    texts[1] += {c, U' '};
    texts[2] += {U'a', c, U'1', c, U'.', c, U' ', U' ', c, U'\n'};
  }
  const std::u32string kinds = U"a1. '\u00E9\u4E2D\u0301\u00BD\u3000\n\u200Dstrevmld";
  std::uint32_t state = 1;
  for (int i = 0; i < 2000; ++i) {
    std::u32string& text = texts.emplace_back();
    for (int k = 0; k < 60; ++k) {
      state = state * 1664525U + 1013904223U;
      text += kinds[(state >> 16) % kinds.size()];
    }
  }
  return texts;
}

TEST(Gpt2Pattern, EqualsTheExpression) {
  const Regex regex(kGpt2Pattern, "test");
  for (const std::u32string& text : texts_of_all_characters()) {
    std::vector<Found> found;
    std::vector<Piece> pieces;
    regex.find(text, found);
    cut_gpt2(text, {0, text.size()}, pieces);
    ASSERT_EQ(found.size(), pieces.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_TRUE(found[i].is_match);
      ASSERT_EQ(found[i].begin, pieces[i].begin);
      ASSERT_EQ(found[i].end, pieces[i].end);
    }
  }
}

TEST(Grapheme, Clusters) {
  const auto clusters = [](std::u32string_view text) {
    std::string ends;
    for (std::size_t at = 0; at < text.size();) {
      at = cluster_end(text, at);
      ends += std::to_string(at) + " ";
    }
    return ends;
  };
  EXPECT_EQ(clusters(U"ab\r\nc\n\r"), "1 2 4 5 6 7 ");
  EXPECT_EQ(clusters(U"e\u0301\u0302x"), "3 4 ");
  EXPECT_EQ(clusters(U"\u1100\u1161\u11A8\uAC00\u11A8\uAC01\u1161"), "3 5 6 7 ");
  EXPECT_EQ(clusters(U"\U0001F1E9\U0001F1EA\U0001F1EB"), "2 3 ");
  EXPECT_EQ(clusters(U"\U0001F468\u200D\U0001F469x\u200D\U0001F469"), "3 5 6 ");
  EXPECT_EQ(clusters(U"\u0915\u094D\u0937\u0915\u0937"), "3 4 5 ");
  EXPECT_EQ(clusters(U"\u0600a\u200B\u0301"), "2 3 4 ");
}

}  // namespace
}  // namespace pellucid
