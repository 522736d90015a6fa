// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/unicode.h"

#include <gtest/gtest.h>

#include "pellucid/base/error.h"
#include "pellucid/text/characters.h"
#include "pellucid/text/normalization.h"

namespace pellucid {
namespace {

std::string message(const std::string& bytes) {
  try {
    decode_utf8(bytes, "line 7");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Unicode, EveryScalarValueSurvives) {
  std::u32string all;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c < 0xD800 || c > 0xDFFF) all.push_back(c);
  }
  EXPECT_EQ(decode_utf8(encode_utf8(all)), all);
}

TEST(Unicode, InvalidBytesAreNamedWithTheirPosition) {
  EXPECT_EQ(message("abc\xFFz"), "line 7 is not valid UTF-8: byte 0xFF at position 3");
  EXPECT_EQ(message("0123456789\xC3"), "line 7 is not valid UTF-8: byte 0xC3 at position 10");
  for (const char* bytes : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                            "\xF8\x88\x80\x80\x80", "\x80", "\xE4\xB8", "\xF0\x9F\x98"}) {
    EXPECT_NE(message(bytes), "accepted") << bytes;
  }
  EXPECT_EQ(decode_utf8(std::string("a\0b", 3)).size(), 3U);
}

TEST(Unicode, CharacterIndexGoesBothWays) {
  for (const std::string& text : {std::string("plain"), std::string(), std::string("aé中😀z")}) {
    std::string longer;
    for (int i = 0; i < 50; ++i) longer += text;
    const CharacterIndex index(longer);
    const std::u32string characters = decode_utf8(longer);
    ASSERT_EQ(index.size(), static_cast<std::int64_t>(characters.size()));
    for (std::int64_t i = 0; i < index.size(); ++i) {
      const std::string one = encode_utf8(characters.substr(static_cast<std::size_t>(i), 1));
      ASSERT_EQ(index.slice({i, i + 1}), one);
      for (std::size_t b = 0; b < one.size(); ++b) ASSERT_EQ(index.character(index.byte(i) + b), i);
    }
    EXPECT_EQ(index.byte(index.size()), longer.size());
    EXPECT_EQ(index.character(longer.size()), index.size());
  }
}

TEST(Characters, ClassesOfKnownCharacters) {
  const CharacterTable& table = CharacterTable::instance();
  EXPECT_TRUE(table.has(U'$', kPunctuation));
  EXPECT_FALSE(table.has(U'\u20AC', kPunctuation));
  EXPECT_TRUE(table.has(U'\u166D', kPunctuation));   // of Unicode 8.0
  EXPECT_FALSE(table.has(U'\u2E43', kPunctuation));  // younger
  EXPECT_TRUE(table.has(U'\u3000', kWhiteSpace));
  EXPECT_FALSE(table.has(U'\u200B', kWhiteSpace));
  EXPECT_TRUE(table.has(U'\U00020000', kChinese));
  EXPECT_TRUE(table.has(U'\U0002B920', kChinese));
  EXPECT_FALSE(table.has(U'\U0002B820', kChinese));
  EXPECT_TRUE(table.has(U'\U00100000', kRemoved));  // private use
  EXPECT_EQ(to_lower(U'\u0391'), U'\u03B1');
  EXPECT_EQ(to_lower(U'\u1E9E'), U'\u00DF');
  EXPECT_EQ(to_lower(U'\u0101'), U'\u0101');  // between two capitals of a range with step 2
}

std::string normalized(NormalForm form, std::u32string_view text, std::string* origins = nullptr) {
  NormalizedText result(text, 0);
  normalize(form, result);
  for (const Origin& origin : result.origins) {
    if (origins) *origins += std::to_string(origin.start) + "-" + std::to_string(origin.end) + " ";
  }
  return encode_utf8(result.characters);
}

TEST(Normalization, OriginsFollowTheCharacters) {
  std::string origins;
  EXPECT_EQ(normalized(NormalForm::nfkd, U"a\uFB01", &origins), "afi");
  EXPECT_EQ(origins, "0-1 1-2 1-2 ");
  origins.clear();
  EXPECT_EQ(normalized(NormalForm::nfc, U"e\u0301x", &origins), "\u00E9x");
  EXPECT_EQ(origins, "0-1 2-3 ");
  EXPECT_EQ(normalized(NormalForm::nfd, U"\uAC01"), "\u1100\u1161\u11A8");
  EXPECT_EQ(normalized(NormalForm::nfc, U"\u1100\u1161\u11A8"), "\uAC01");
  EXPECT_EQ(normalized(NormalForm::nfd, U"a\u0301\u0327"), "a\u0327\u0301");
  EXPECT_EQ(normalized(NormalForm::nfc, U"a\u0327\u0301"), "\u00E1\u0327");
  EXPECT_EQ(normalized(NormalForm::nfkc, U"\u32FF"), "\u32FF");  // younger than Unicode 9.0
}

TEST(Normalization, LongRunsOfMarksTakeLinearTime) {
  std::u32string text = U"a";
  for (int i = 0; i < 300'000; ++i) text += i % 2 ? U'\u0301' : U'\u0327';
  EXPECT_EQ(decode_utf8(normalized(NormalForm::nfd, text)).size(), text.size());
  EXPECT_EQ(decode_utf8(normalized(NormalForm::nfc, text)).size(), text.size() - 1);
}

}  // namespace
}  // namespace pellucid
