// SPDX-License-Identifier: Apache-2.0
// No text makes a tokenizer slow: the time of one long word, one long line and repeated merges
// grows with the text. Ratios of processor time of this thread, with a bound that only quadratic
// work breaks.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <string>

#include "pellucid/text/tokenizer.h"
#include "pellucid/text/units.h"

namespace pellucid {
namespace {

constexpr std::size_t kShort = 10'000;
constexpr std::size_t kLong = 500'000;
constexpr double kSlack = 8;  // over linear; quadratic work gives 50

const std::map<std::string, std::string> kTokenizers = {
    {"WordPiece", R"({"normalizer": {"type": "BertNormalizer", "clean_text": true,
      "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
      "pre_tokenizer": {"type": "BertPreTokenizer"},
      "model": {"type": "WordPiece", "unk_token": "u", "continuing_subword_prefix": "#",
        "max_input_chars_per_word": 100000000,
        "vocab": {"u": 0, "a": 1, "#a": 2, "#b": 3, "#ab": 4, "#abab": 5, "#aaaa": 6}}})"},
    {"BPE", R"({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false,
        "trim_offsets": true},
      "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "abab": 3, "aa": 4, "aaaa": 5,
        "ĠĠ": 6, "Ġ": 7, "c": 8, "abababab": 9},
        "merges": ["a b", "ab ab", "a a", "aa aa", "Ġ Ġ", "abab abab"]}})"},
    {"BPE with bytes", R"({"normalizer": {"type": "Replace", "pattern": {"String": " "},
      "content": "▁"},
      "model": {"type": "BPE", "unk_token": "u", "byte_fallback": true, "fuse_unk": true,
        "vocab": {"u": 0, "a": 1, "b": 2, "ab": 3, "abab": 4, "aa": 5, "▁": 6, "▁a": 7},
        "merges": ["a b", "ab ab", "a a", "▁ a"]}})"},
    {"Unigram", R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁",
        "prepend_scheme": "always"},
      "model": {"type": "Unigram", "unk_id": 0, "vocab": [["u", 0], ["▁", -2], ["a", -1],
        ["b", -1.5], ["ab", -1.7], ["aaaa", -2], ["abababab", -3], ["▁a", -2]]}})"},
    {"WordLevel", R"({"pre_tokenizer": {"type": "Whitespace"},
      "model": {"type": "WordLevel", "unk_token": "u", "vocab": {"u": 0, "a": 1, "abc": 2}}})"},
};

const std::map<std::string, std::string> kParts = {
    {"one word", "a"},
    {"one line", "abc ab a, again and again "},
    {"merges", "ab"},
    {"unknown", "中文字"},
    {"blanks", " "},
    {"marks", "a\u0301"},
    {"emoji", "👨‍👩‍👧"},
};

std::string repeated(const std::string& part, std::size_t size) {
  std::string text;
  while (text.size() < size) text += part;
  return text;
}

template <class Work>
double seconds_of(const Work& work) {
  double best = 1e9;
  for (int pass = 0; pass < 3; ++pass) {
    timespec begin{};
    timespec end{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    work();
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    best = std::min(best, static_cast<double>(end.tv_sec - begin.tv_sec) +
                              1e-9 * static_cast<double>(end.tv_nsec - begin.tv_nsec));
  }
  return best;
}

/// How much more time a byte of the long text takes than one of the short text.
template <class Work>
double growth(const std::string& part, const Work& work) {
  const std::string brief = repeated(part, kShort);
  const std::string whole = repeated(part, kLong);
  const double least = 2e-5;  // what a clock can tell
  const double before = std::max(least, seconds_of([&] { work(brief); }));
  return seconds_of([&] { work(whole); }) / before / (kLong / kShort);
}

TEST(Growth, TimeGrowsWithTheText) {
  for (const auto& [name, json] : kTokenizers) {
    const Tokenizer tokenizer = Tokenizer::from_json(json);
    for (const auto& [what, part] : kParts) {
      EXPECT_LT(growth(part, [&](const std::string& text) { tokenizer.encode(text); }), kSlack)
          << name << ", " << what;
    }
  }
}

TEST(Growth, WindowsGrowWithTheText) {
  const Tokenizer tokenizer = Tokenizer::from_json(kTokenizers.at("BPE"));
  const EncodeOptions options{.max_length = 128, .stride = 32};
  EXPECT_LT(growth("ab c ", [&](const std::string& text) { tokenizer.encode(text, options); }),
            kSlack);
}

TEST(Growth, UnitsGrowWithTheText) {
  const Tokenizer tokenizer = Tokenizer::from_json(kTokenizers.at("BPE"));
  for (const Unit unit : {Unit::word, Unit::sentence, Unit::phrase, Unit::paragraph, Unit::token,
                          Unit::tokenizer_word}) {
    for (const std::string part : {"ab c. D, ", "a", "... ", "1. ", "\n \n", "\"(", "a."}) {
      const auto work = [&](const std::string& text) {
        make_units(unit, tokenizer.encode(text), text, nullptr);
      };
      EXPECT_LT(growth(part, work), kSlack) << name(unit) << ", " << part;
    }
  }
}

TEST(Growth, DecodingGrowsWithTheTokens) {
  const Tokenizer tokenizer = Tokenizer::from_json(kTokenizers.at("Unigram"));
  const auto work = [&](const std::string& text) {
    tokenizer.decode(std::vector<std::int32_t>(text.size(), 3));
  };
  EXPECT_LT(growth("a", work), kSlack);
}

}  // namespace
}  // namespace pellucid
