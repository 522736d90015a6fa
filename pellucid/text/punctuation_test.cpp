// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/punctuation.h"

#include <gtest/gtest.h>

#include <string>

#include "pellucid/base/error.h"
#include "pellucid/text/segmentation.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

using Strings = std::vector<std::string>;

Strings words(Punctuation how, const std::string& text) {
  const CharacterIndex index(text);
  Strings result;
  for (const Span& span : with_punctuation(how, word_spans(text), decode_utf8(text))) {
    result.emplace_back(index.slice(span));
  }
  return result;
}

Strings attached(const std::string& text) { return words(Punctuation::attach, text); }

TEST(PunctuationMarks, AttachToTheWordsThatTheyTouch) {
  EXPECT_EQ(attached("Good, not great!!! (really) :-("),
            (Strings{"Good,", "not", "great!!!", "(really)", ":", "-", "("}));
  EXPECT_EQ(attached("\"Stop!\" he said , 'now'."),
            (Strings{"\"Stop!\"", "he", "said", ",", "'now'."}));
  EXPECT_EQ(attached("e-mail, 3.14 $5 a () b"),
            (Strings{"e-", "mail,", "3.14", "$", "5", "a", "(", ")", "b"}));
  EXPECT_EQ(attached("([x])[1]"), (Strings{"([x])", "[1]"}));
  EXPECT_EQ(attached("dogs’ “Hi” ‘a’"), (Strings{"dogs’", "“Hi”", "‘a’"}));
  EXPECT_EQ(attached(""), Strings{});
  EXPECT_EQ(attached("..."), (Strings{".", ".", "."}));
}

TEST(PunctuationMarks, QuotesOfManyLanguages) {
  EXPECT_EQ(attached("„Hallo“, sagte »sie«."), (Strings{"„Hallo“,", "sagte", "»sie«."}));
  EXPECT_EQ(attached("« Bonjour »"), (Strings{"«", "Bonjour", "»"}));
  EXPECT_EQ(attached("«Bonjour» ¿Qué?"), (Strings{"«Bonjour»", "¿Qué?"}));
  const Strings chinese = attached("「好」，走。");
  EXPECT_EQ(chinese.front(), "「好」，");
  EXPECT_EQ(chinese.back().substr(chinese.back().size() - 3), "。");
  EXPECT_EQ(attached("مرحبا، بالعالم؟"), (Strings{"مرحبا،", "بالعالم؟"}));
}

TEST(PunctuationMarks, AreLeftOut) {
  EXPECT_EQ(words(Punctuation::drop, "Good, not \"great\"! $5 😀 ..."),
            (Strings{"Good", "not", "great", "$", "5", "😀"}));
  EXPECT_EQ(words(Punctuation::own, "a, b"), (Strings{"a", ",", "b"}));
}

Encoding one_token_per_character(const std::string& text) {
  Encoding encoding;
  for (std::int64_t i = 0; i < count_characters(text); ++i) {
    encoding.tokens.emplace_back().span = {i, i + 1};
  }
  return encoding;
}

TEST(PunctuationMarks, DroppedOnesAreOfNoUnit) {
  const std::string text = "a, b!";
  const Encoding encoding = one_token_per_character(text);
  const Units units =
      make_units(Unit::word, encoding, text, nullptr, {.punctuation = Punctuation::drop});
  ASSERT_EQ(units.size(), 2);
  const auto of_token = units.unit_of_token(5);
  EXPECT_EQ(of_token[1], std::nullopt);
  EXPECT_EQ(of_token[3], 1);
  EXPECT_EQ(of_token[4], std::nullopt);
  const Units joined =
      make_units(Unit::word, encoding, text, nullptr, {.punctuation = Punctuation::attach});
  ASSERT_EQ(joined.size(), 2);
  EXPECT_EQ(joined.units[0].text, "a,");
  EXPECT_EQ(joined.units[1].tokens, (std::vector<std::int64_t>{3, 4}));
}

TEST(UnitOptions, AreRefusedWhereTheyMeanNothing) {
  EXPECT_THROW(check_unit_options(Unit::sentence, {.punctuation = Punctuation::drop}), UsageError);
  EXPECT_THROW(check_unit_options(Unit::word, {.abbreviations = {"a"}}), UsageError);
  EXPECT_THROW(check_unit_options(Unit::word, {.rest = true}), UsageError);
  check_unit_options(Unit::spans, {.rest = true});
  EXPECT_EQ(parse_punctuation(name(Punctuation::attach)), Punctuation::attach);
  EXPECT_THROW(parse_punctuation("attached"), UsageError);
}

Strings cut(const std::string& text, const std::vector<Span>& spans) {
  const CharacterIndex index(text);
  Strings result;
  for (const Span& span : spans) result.emplace_back(index.slice(span));
  return result;
}

TEST(Abbreviations, OfTheUser) {
  const std::string text =
      "Das ist bzw. war so. Vgl. Abs. drei! Das Hauptgeschäftsgebäudest. auch.";
  const Abbreviations german({"bzw.", "VGL", "Abs", "Hauptgeschäftsgebäudest.", "", "."});
  EXPECT_EQ(
      cut(text, sentence_spans(decode_utf8(text), german)),
      (Strings{"Das ist bzw. war so.", "Vgl. Abs. drei!", "Das Hauptgeschäftsgebäudest. auch."}));
  EXPECT_EQ(cut(text, sentence_spans(decode_utf8(text))).size(), 7U);
  const std::string phrases = "Er kam, bzw. sie ging.";
  EXPECT_EQ(cut(phrases, phrase_spans(decode_utf8(phrases), german)),
            (Strings{"Er kam,", "bzw. sie ging."}));
}

TEST(Languages, SentencesPhrasesAndParagraphs) {
  const auto sentences = [](const std::string& text) {
    return cut(text, sentence_spans(decode_utf8(text)));
  };
  const auto phrases = [](const std::string& text) {
    return cut(text, phrase_spans(decode_utf8(text)));
  };
  const auto paragraphs = [](const std::string& text) {
    return cut(text, paragraph_spans(decode_utf8(text)));
  };
  // English
  EXPECT_EQ(sentences("Dr. Smith left at 5 p.m. today. \"Why?\" I don't know..."),
            (Strings{"Dr. Smith left at 5 p.m. today.", "\"Why?\"", "I don't know..."}));
  // German
  EXPECT_EQ(sentences("Er sagte: „Komm!“ Dann ging er. 3,5 m!"),
            (Strings{"Er sagte: „Komm!“ Dann ging er.", "3,5 m!"}));
  EXPECT_EQ(phrases("Weil es regnete, blieb er; sie nicht."),
            (Strings{"Weil es regnete,", "blieb er;", "sie nicht."}));
  // Chinese
  EXPECT_EQ(sentences("他说：“好！”我们走吧。真的？"),
            (Strings{"他说：“好！”", "我们走吧。", "真的？"}));
  EXPECT_EQ(phrases("天气很好，我们、他们；走吧。"),
            (Strings{"天气很好，", "我们、", "他们；", "走吧。"}));
  EXPECT_EQ(paragraphs("第一段。\n\n第二段。"), (Strings{"第一段。", "第二段。"}));
  // Arabic: its own comma and question mark are not in the lists of the rules
  EXPECT_EQ(sentences("هذا كتاب. هل قرأته؟ نعم!"), (Strings{"هذا كتاب.", "هل قرأته؟ نعم!"}));
  EXPECT_EQ(paragraphs("واحد\n\nاثنان"), (Strings{"واحد", "اثنان"}));
  // Thai: spaces end no sentence
  EXPECT_EQ(sentences("สวัสดี ชาวโลก! ลาก่อน"), (Strings{"สวัสดี ชาวโลก!", "ลาก่อน"}));
  EXPECT_EQ(phrases("หนึ่ง, สอง"), (Strings{"หนึ่ง,", "สอง"}));
  // Code
  EXPECT_EQ(sentences("x = a.b(1.5); // see url.com\ny += 2"),
            (Strings{"x = a.b(1.5); // see url.com\ny += 2"}));
  EXPECT_EQ(phrases("f(a, b); return x;"), (Strings{"f(a,", "b);", "return x;"}));
  EXPECT_EQ(paragraphs("int f() {\n  return 1;\n}\n\nint g();\n"),
            (Strings{"int f() {\n  return 1;\n}", "int g();"}));
}

}  // namespace
}  // namespace pellucid
