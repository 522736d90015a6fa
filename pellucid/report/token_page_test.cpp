// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/token_page.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

namespace pellucid {
namespace {

const Tokenizer& tokenizer() {
  static const Tokenizer result = Tokenizer::from_json(R"({
    "added_tokens": [{"id": 1, "content": "[CLS]", "special": true},
                     {"id": 2, "content": "[SEP]", "special": true},
                     {"id": 0, "content": "[UNK]", "special": true}],
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100,
              "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "un": 3, "##able": 4, "<": 5, "b": 6,
                        ">": 7, "e": 8, "##\u0301": 9}}})");
  return result;
}

std::string section(const std::string& text, const EncodeOptions& options = {}) {
  TokenPage page(tokenizer(), "m", false);
  return page.section(text, std::nullopt, tokenizer().encode(text, options));
}

std::vector<std::string> found(const std::string& html, const std::string& pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> result;
  for (std::sregex_iterator at(html.begin(), html.end(), expression), end; at != end; ++at) {
    result.push_back((*at)[1]);
  }
  return result;
}

/// What a reader sees of the first text.
std::string text_content(const std::string& html) {
  const auto paragraphs = found(html, "<p class=\"text\"[^>]*>([^]*?)</p>");
  return paragraphs.empty() ? "" : std::regex_replace(paragraphs[0], std::regex("<[^>]*>"), "");
}

using Strings = std::vector<std::string>;

TEST(TokenPage, ColoursTheTextAndKeepsIt) {
  const std::string html = section("unable b\n z");
  EXPECT_EQ(text_content(html), "unable b\n z");
  EXPECT_EQ(found(html, "<span class=\"(u [^\"]*)\""),
            (Strings{"u p5", "u p10", "u n5", "u p5 sn"}));
  EXPECT_EQ(found(html, "title=\"([^\"]*)\""),
            (Strings{"un  id 3 · word 0 · characters 0–2", "##able  id 4 · word 0 · characters 2–6",
                     "b  id 6 · word 1 · characters 7–8", "[UNK]  id 0 · word 2 · characters 10–11",
                     "[CLS]  id 1 · special", "[SEP]  id 2 · special"}));
  EXPECT_NE(html.find("<b>6 tokens</b> <span>2 special</span> <span>1 unknown</span>"),
            std::string::npos);
  EXPECT_NE(html.find("Special tokens: "), std::string::npos);
}

TEST(TokenPage, HostileTextsStayText) {
  const std::string html = section("<b>");
  EXPECT_EQ(text_content(html), "&lt;b&gt;");
  EXPECT_EQ(html.find("<b><"), std::string::npos);
  EXPECT_NE(html.find("<td><bdi>&lt;</bdi></td>"), std::string::npos);
}

TEST(TokenPage, TokensOfOneGraphemeShareACell) {
  const std::string html = section("e\u0301");
  EXPECT_EQ(text_content(html), "e\u0301");
  const auto titles = found(html, "title=\"([^\"]*)\"");
  ASSERT_EQ(titles.size(), 3U);
  EXPECT_NE(titles[0].find("##"), std::string::npos) << titles[0];
}

TEST(TokenPage, WhatWasCutIsMutedAndEveryWindowIsThere) {
  const std::string html = section("un b un b", {.max_length = 4, .stride = 1});
  EXPECT_EQ(text_content(html), "un b un b");
  EXPECT_EQ(found(html, "<span class=\"unseen\">([^<]*)<"), (Strings{" un b"}));
  EXPECT_EQ(found(html, "<h3>(Window [^<]*)<"),
            (Strings{"Window 1 of 3", "Window 2 of 3", "Window 3 of 3"}));
}

TEST(TokenPage, IsOneFileWithItsPolicy) {
  HtmlOptions options;
  options.command = "tokenize -->";
  TokenPage page(tokenizer(), "<m>", true, options);
  const std::string text = "un";
  std::string html = page.head();
  html += page.section(text, text, tokenizer().encode(text, text));
  html += page.section(text, std::nullopt, tokenizer().encode(text));
  html += page.tail();
  EXPECT_NE(html.find("&lt;m&gt;</bdi>: WordPiece, 10 tokens in the vocabulary."),
            std::string::npos);
  EXPECT_EQ(found(html, "<section class=\"case only tokens\" id=\"(e[0-9]+)\""),
            (Strings{"e1", "e2"}));
  EXPECT_NE(html.find("Content-Security-Policy"), std::string::npos);
  EXPECT_EQ(html.find("tokenize -->"), std::string::npos);
  EXPECT_EQ(html.find(" style="), std::string::npos);
}

TEST(TokensToTerminal, IsATableThatDrivesNoTerminal) {
  const std::string text = "un \x1b[31m b";
  const std::string table = tokens_to_terminal(text, std::nullopt, tokenizer().encode(text));
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_NE(table.find("  un     3  0-2  word 0\n"), std::string::npos) << table;
  EXPECT_NE(table.find("  [CLS]  1  special\n"), std::string::npos) << table;
}

}  // namespace
}  // namespace pellucid
