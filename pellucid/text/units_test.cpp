// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/units.h"

#include <gtest/gtest.h>
#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include <memory>
#include <random>

#include "pellucid/base/error.h"
#include "pellucid/text/segmentation.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

using Strings = std::vector<std::string>;

Strings texts(const std::string& text, const std::vector<Span>& spans) {
  const CharacterIndex index(text);
  Strings result;
  for (const Span& span : spans) result.emplace_back(index.slice(span));
  return result;
}

Strings words(const std::string& text) { return texts(text, word_spans(text)); }
Strings sentences(const std::string& text) {
  return texts(text, sentence_spans(decode_utf8(text)));
}
Strings phrases(const std::string& text) { return texts(text, phrase_spans(decode_utf8(text))); }

TEST(Words, PunctuationMarksStandAlone) {
  EXPECT_EQ(words("I don't like e-mail, it cost 3.14 in the U.S. :-("),
            (Strings{"I", "don't", "like", "e", "-", "mail", ",", "it", "cost", "3.14", "in", "the",
                     "U.S", ".", ":", "-", "("}));
  EXPECT_EQ(words("Straße, naïve 中"), (Strings{"Straße", ",", "naïve", "中"}));
  EXPECT_EQ(words("  \t\n"), Strings{});
  EXPECT_EQ(words(""), Strings{});
}

TEST(Words, DictionariesCutScriptsWithoutSpaces) {
  EXPECT_EQ(words("สวัสดีชาวโลก"), (Strings{"สวัสดี", "ชาว", "โลก"}));
  EXPECT_EQ(words("مرحبا بالعالم!"), (Strings{"مرحبا", "بالعالم", "!"}));
  EXPECT_EQ(words("😀👍🏽 ok"), (Strings{"😀", "👍🏽", "ok"}));
}

/// ICU alone, without the short cut for ASCII.
std::vector<Span> reference_words(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  static const std::unique_ptr<icu::BreakIterator> iterator(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
  const auto units = icu::UnicodeString::fromUTF8(text);
  iterator->setText(units);
  std::vector<Span> result;
  std::int64_t begin = 0;
  for (std::int32_t end = iterator->next(); end != icu::BreakIterator::DONE;
       end = iterator->next()) {
    const std::string part =
        text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    if (part.find_first_not_of(" \t\n\v\f\r") != std::string::npos) result.push_back({begin, end});
    begin = end;
  }
  return result;
}

TEST(Words, AsciiShortCutEqualsIcu) {
  std::mt19937 random(1);
  const std::string often = "abZ019_.,;:'\"@- \n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t i = 0, size = random() % 12; i < size; ++i) {
      text += random() % 4 ? often[random() % often.size()] : static_cast<char>(random() % 128);
    }
    ASSERT_EQ(word_spans(text), reference_words(text)) << testing::PrintToString(text);
  }
}

TEST(Sentences, EndMarksAbbreviationsAndQuotes) {
  EXPECT_EQ(
      sentences("This is : a test. Mr. is this a test?\nThis is the end of the test!!! Or, is "
                "it?! This url.com is?"),
      (Strings{"This is : a test.", "Mr. is this a test?", "This is the end of the test!!!",
               "Or, is it?!", "This url.com is?"}));
  EXPECT_EQ(
      sentences("J. R. Smith paid 3.50 dollars. He left at 5 p.m. yesterday. 1. First item. i "
                "like it. it works"),
      (Strings{"J. R. Smith paid 3.50 dollars.", "He left at 5 p.m. yesterday.", "1. First item.",
               "i like it.", "it works"}));
  EXPECT_EQ(sentences("“Stop!” he said. Well... maybe. (Not now.) Go"),
            (Strings{"“Stop!”", "he said.", "Well... maybe.", "(Not now.)", "Go"}));
  EXPECT_EQ(
      sentences("He moved to the U.S. in May. She left the U.S. They met at Acme Inc. Then it "
                "closed."),
      (Strings{"He moved to the U.S. in May.", "She left the U.S.", "They met at Acme Inc.",
               "Then it closed."}));
  EXPECT_EQ(sentences("今日は。元気ですか？はい"), (Strings{"今日は。", "元気ですか？", "はい"}));
  EXPECT_EQ(sentences("A title\n\nThe text\ngoes on."), (Strings{"A title", "The text\ngoes on."}));
  EXPECT_EQ(sentences(" . "), (Strings{"."}));
}

TEST(Sentences, Phrases) {
  EXPECT_EQ(phrases("Nice, cheap; quick: buy — now"),
            (Strings{"Nice,", "cheap;", "quick:", "buy —", "now"}));
  const std::string text =
      "Although it was raining, we went for a walk. Mr. Smith was with us... We took "
      "umbrellas?\nThis "
      "is url.com and I love, this !?! Ahah!";
  EXPECT_EQ(sentences(text).size(), 5U);
  EXPECT_EQ(phrases(text).size(), 7U);
}

TEST(Sentences, Paragraphs) {
  const std::string text = "One. Two.\nThree.\n \t\n\n  Four.\r\n\r\nFive\n";
  EXPECT_EQ(texts(text, paragraph_spans(decode_utf8(text))),
            (Strings{"One. Two.\nThree.", "Four.", "Five"}));
}

/// An encoding from spans; {0, 0} is a token of the template.
Encoding encoding_of(const std::vector<Span>& spans, std::int32_t segment = 0) {
  Encoding encoding;
  for (const Span& span : spans) {
    Token token;
    token.text = "t" + std::to_string(encoding.tokens.size());
    token.span = span;
    token.segment = segment;
    token.special = span.empty();
    if (!token.special) token.word = static_cast<std::int32_t>(span.start / 5);
    encoding.tokens.push_back(token);
  }
  return encoding;
}

TEST(Units, TokenOverSeveralWordsMergesThem) {
  const Encoding encoding = encoding_of({{0, 0}, {0, 2}, {2, 5}, {6, 10}, {10, 13}, {0, 0}});
  const std::string text = "Don't stop!!!";
  const Units units = make_units(Unit::word, encoding, text, nullptr);
  ASSERT_EQ(units.size(), 3);
  EXPECT_EQ(units.units[0].tokens, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(units.units[1].tokens, (std::vector<std::int64_t>{3}));
  EXPECT_EQ(units.units[2].tokens, (std::vector<std::int64_t>{4}));
  EXPECT_EQ(units.units[2].span, (Span{10, 13}));
  EXPECT_EQ(units.units[2].text, "!!!");
  const auto of_token = units.unit_of_token(6);
  EXPECT_EQ(of_token[0], std::nullopt);
  EXPECT_EQ(of_token[2], 0);
  EXPECT_EQ(of_token[4], 2);
}

TEST(Units, ChainsOfTokensMergeThroughEachOther) {
  // ab|cd|ef as one token over two words and one over the next two.
  const Encoding encoding = encoding_of({{0, 4}, {4, 8}});
  const Units units = make_units(Unit::word, encoding, "a b c d", nullptr);
  EXPECT_EQ(units.size(), 2);
  EXPECT_EQ(make_units(Unit::word, encoding_of({{0, 3}, {2, 7}}), "a b c d", nullptr).size(), 1);
}

TEST(Units, WordsThatTruncationCutHaveNoTokens) {
  const Units units = make_units(Unit::word, encoding_of({{0, 0}, {0, 3}}), "one two", nullptr);
  ASSERT_EQ(units.size(), 2);
  EXPECT_EQ(units.units[1].text, "two");
  EXPECT_TRUE(units.units[1].tokens.empty());
}

TEST(Units, TokensAndAllTokens) {
  const Encoding encoding = encoding_of({{0, 0}, {0, 3}, {3, 7}, {0, 0}});
  const Units all = make_units(Unit::all_tokens, encoding, "one two", nullptr);
  ASSERT_EQ(all.size(), 4);
  EXPECT_EQ(all.units[0].text, "t0");
  EXPECT_EQ(all.units[0].span, std::nullopt);
  const Units tokens = make_units(Unit::token, encoding, "one two", nullptr);
  ASSERT_EQ(tokens.size(), 2);
  EXPECT_EQ(tokens.units[1].text, " two");
  EXPECT_EQ(tokens.units[1].tokens, (std::vector<std::int64_t>{2}));
  // The space that a byte-level token carries belongs to no word.
  const Units words = make_units(Unit::word, encoding, "one two", nullptr);
  ASSERT_EQ(words.size(), 2);
  EXPECT_EQ(words.units[1].span, (Span{4, 7}));
}

TEST(Units, TokenizerWords) {
  const Encoding encoding = encoding_of({{0, 2}, {2, 4}, {5, 7}, {7, 9}, {0, 0}});
  const Units units = make_units(Unit::tokenizer_word, encoding, "abcd efgh", nullptr);
  ASSERT_EQ(units.size(), 2);
  EXPECT_EQ(units.units[0].text, "abcd");
  EXPECT_EQ(units.units[1].tokens, (std::vector<std::int64_t>{2, 3}));
}

TEST(Units, PairsNeverCross) {
  Encoding encoding = encoding_of({{0, 0}, {0, 3}, {0, 0}});
  const Encoding second = encoding_of({{0, 3}, {0, 0}}, 1);
  encoding.tokens.insert(encoding.tokens.end(), second.tokens.begin(), second.tokens.end());
  const std::string pair = "yes";
  const Units units = make_units(Unit::sentence, encoding, "Why", &pair);
  ASSERT_EQ(units.size(), 2);
  EXPECT_EQ(units.units[1].segment, 1);
  EXPECT_EQ(units.units[1].text, "yes");
  EXPECT_EQ(units.units[1].tokens, (std::vector<std::int64_t>{3}));
}

TEST(Units, NamesAreParsedAndSuggested) {
  for (const Unit kind : {Unit::all_tokens, Unit::tokenizer_word, Unit::spans}) {
    EXPECT_EQ(parse_unit(name(kind)), kind);
  }
  try {
    parse_unit("sentense");
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"sentence\"?"), std::string::npos);
  }
  EXPECT_THROW(make_units(Unit::spans, {}, "", nullptr), UsageError);
}

TEST(Units, SpansOfTheUser) {
  const std::string text = "one two, three";
  const Encoding encoding = encoding_of({{0, 3}, {4, 7}, {7, 8}, {9, 14}});
  const Units units = make_units(UserSpans{.text = {{9, 14}, {0, 7}}}, encoding, text, nullptr);
  EXPECT_EQ(units.kind, Unit::spans);
  ASSERT_EQ(units.size(), 2);
  EXPECT_EQ(units.units[0].text, "one two");
  EXPECT_EQ(units.units[0].tokens, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(units.units[1].tokens, (std::vector<std::int64_t>{3}));
  EXPECT_EQ(units.unit_of_token(4)[2], std::nullopt);
  const UserSpans with_rest{.text = {{4, 7}}, .rest = true};
  const Units all = make_units(with_rest, encoding, text, nullptr);
  ASSERT_EQ(all.size(), 3);
  EXPECT_EQ(all.units[0].text, "one");
  EXPECT_EQ(all.units[2].text, ", three");
  EXPECT_EQ(all.units[2].tokens, (std::vector<std::int64_t>{2, 3}));
  // A token over two spans joins them.
  const Units joined = make_units(UserSpans{.text = {{0, 2}, {2, 3}}}, encoding, text, nullptr);
  ASSERT_EQ(joined.size(), 1);
  EXPECT_EQ(joined.units[0].text, "one");
  for (const std::vector<Span>& wrong :
       {std::vector<Span>{{0, 0}}, {{3, 2}}, {{-1, 2}}, {{0, 15}}, {{0, 3}, {2, 4}}}) {
    EXPECT_THROW(make_units(UserSpans{.text = wrong}, encoding, text, nullptr), UsageError);
  }
  EXPECT_THROW(make_units(UserSpans{.pair = {{0, 1}}}, encoding, text, nullptr), UsageError);
}

TEST(Units, ManyLanguages) {
  EXPECT_EQ(words("Das Mädchen läuft. Größe: 3,5 m"),
            (Strings{"Das", "Mädchen", "läuft", ".", "Größe", ":", "3,5", "m"}));
  // "z. B." is in no list of abbreviations, and "z" is no initial.
  EXPECT_EQ(sentences("Er kam z. B. nie. Sie schon!"),
            (Strings{"Er kam z.", "B. nie.", "Sie schon!"}));
  EXPECT_EQ(words("if (x != 0) { y += f_2(a); }"),
            (Strings{"if", "(", "x", "!", "=", "0", ")", "{", "y", "+", "=", "f_2", "(", "a", ")",
                     ";", "}"}));
  EXPECT_EQ(sentences("今日は。元気ですか？はい"), (Strings{"今日は。", "元気ですか？", "はい"}));
  EXPECT_EQ(phrases("天气很好，我们走吧。"), (Strings{"天气很好，", "我们走吧。"}));
  EXPECT_EQ(sentences("هل أنت بخير? نعم."), (Strings{"هل أنت بخير?", "نعم."}));
  // Dictionaries differ between versions of ICU; that they cut at all does not.
  for (const char* text :
       {"我喜欢吃苹果", "私は学生です", "ສະບາຍດີຊາວໂລກ", "សួស្តីពិភពលោក", "สวัสดีชาวโลก"}) {
    const Strings parts = words(text);
    EXPECT_GT(parts.size(), 1U) << text;
    std::string joined;
    for (const std::string& part : parts) joined += part;
    EXPECT_EQ(joined, text);
  }
}

}  // namespace
}  // namespace pellucid
