// SPDX-License-Identifier: Apache-2.0
// Random tokenizers with random texts (tools/make_component_goldens.py) and the sweep over all code
// points: every answer equals that of the tokenizers library.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <set>

#include "pellucid/text/normalizers/normalizer.h"
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"
#include "pellucid/text/regex/regex.h"
#include "pellucid/text/unicode.h"
#include "tests/text_records.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kSource = PELLUCID_SOURCE_DIR;

/// Compares all records of a file; gives their number.
std::size_t compare_records(const fs::path& path) {
  std::size_t count = 0;
  for (const std::string& line : golden::read_lines(path)) {
    const json item = json::parse(line);
    if (item.contains("error")) {
      EXPECT_THROW(Tokenizer::from_json(item["settings"].dump()), Error)
          << line.substr(line.size() - 120);
      continue;
    }
    const Tokenizer tokenizer = Tokenizer::from_json(item["settings"].dump());
    for (const json& record : item["records"]) {
      ++count;
      EXPECT_EQ(golden::run(tokenizer, record, {}), "")
          << record.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 300);
    }
  }
  return count;
}

TEST(RandomComponents, EveryRecordIsEqual) {
  EXPECT_GE(compare_records(kSource / "tests" / "goldens" / "text" / "components.jsonl.gz"), 2000U);
}

/// More of them than a repository should hold: see tools/make_component_goldens.py.
TEST(RandomComponents, EveryRecordOfAFileIsEqual) {
  const char* path = std::getenv("PELLUCID_RECORDS");
  if (path == nullptr) GTEST_SKIP() << "PELLUCID_RECORDS names no file";
  EXPECT_GT(compare_records(path), 0U);
}

/// unicode.json: what the library does with every code point of the sweep.
class UnicodeSweep : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path path = kSource / ".." / "shared" / "golden" / "tokenizers" / "unicode.json.gz";
    if (!fs::exists(path)) GTEST_SKIP() << "no " << path;
    std::string text;
    for (const std::string& line : golden::read_lines(path)) text += line;
    sweep_ = json::parse(text);
    const auto code = [](const json& value) {
      return static_cast<char32_t>(std::stoul(value.get<std::string>(), nullptr, 16));
    };
    for (const json& range : sweep_["about"]["sweep"]) {
      for (char32_t c = code(range[0]); c <= code(range[1]); ++c) characters_ += c;
    }
    ASSERT_GT(characters_.size(), 200'000U);
  }

  /// Compares answer(character) with a class of the sweep.
  void check_class(const std::string& name, const std::function<std::string(char32_t)>& answer) {
    std::size_t differ = 0;
    std::size_t at = 0;
    for (const json& range : sweep_["classes"][name]) {
      const auto last = range[1].get<char32_t>();
      const auto expected = range[2].get<std::string>();
      for (; at < characters_.size() && characters_[at] <= last; ++at) {
        differ += answer(characters_[at]) != expected;
      }
    }
    EXPECT_EQ(differ, 0U) << name;
    EXPECT_EQ(at, characters_.size()) << name;
  }

  void check_map(const std::string& name, const Normalizer& normalizer, bool decomposes) {
    const json& map = sweep_["maps"][name];
    std::size_t differ = 0;
    for (const char32_t& character : characters_) {
      if (decomposes && character >= 0xAC00 && character <= 0xD7A3) continue;
      NormalizedText text({&character, 1}, 0);
      normalizer.normalize(text);
      const std::string key = fmt::format("{:X}", static_cast<std::uint32_t>(character));
      const std::string found = encode_utf8(text.characters);
      differ += map.contains(key) ? found != map[key].get<std::string>()
                                  : found != encode_utf8({&character, 1});
    }
    EXPECT_EQ(differ, 0U) << name;
  }

  json sweep_;
  std::u32string characters_;
};

std::unique_ptr<Normalizer> normalizer_of(const json& settings) {
  return make_normalizer(Fields(settings, "normalizer"));
}

json bert(bool clean, bool chinese, bool accents, bool lower) {
  return {{"type", "BertNormalizer"},
          {"clean_text", clean},
          {"handle_chinese_chars", chinese},
          {"strip_accents", accents},
          {"lowercase", lower}};
}

std::u32string between_q(const Normalizer& normalizer, char32_t character) {
  NormalizedText text(std::u32string{U'q', character, U'q'}, 0);
  normalizer.normalize(text);
  return text.characters;
}

TEST_F(UnicodeSweep, Normalizers) {
  const auto clean = normalizer_of(bert(true, false, false, false));
  const auto keep_or = [](const Normalizer& normalizer, char32_t c) -> std::string {
    const std::u32string found = between_q(normalizer, c);
    if (found == U"qq") return "remove";
    if (found == U"q q" && c != U' ') return "space";
    return found.size() == 5 ? "spaced" : "keep";
  };
  check_class("bert_clean_text", [&](char32_t c) { return keep_or(*clean, c); });
  const auto chinese = normalizer_of(bert(false, true, false, false));
  check_class("bert_chinese", [&](char32_t c) { return keep_or(*chinese, c); });
  const auto nmt = normalizer_of({{"type", "Nmt"}});
  check_class("nmt", [&](char32_t c) { return keep_or(*nmt, c); });
  const auto strip_accents = normalizer_of({{"type", "StripAccents"}});
  check_class("strip_accents", [&](char32_t c) { return keep_or(*strip_accents, c); });
  for (const char* form : {"NFC", "NFD", "NFKC", "NFKD"}) {
    std::string name = form;
    for (char& letter : name) letter = static_cast<char>(letter | 0x20);
    check_map(name, *normalizer_of({{"type", form}}), name.back() == 'd');
  }
  check_map("lowercase", *normalizer_of({{"type", "Lowercase"}}), false);
  check_map("bert_lowercase_only", *normalizer_of(bert(false, false, false, true)), false);
  check_map("bert_lower_accents", *normalizer_of(bert(false, false, true, true)), true);
}

TEST_F(UnicodeSweep, PrecompiledMapOfT5) {
  const fs::path path = kSource / ".." / "shared" / "tokenizers" / "t5-small" / "tokenizer.json";
  std::string text;
  for (const std::string& line : golden::read_lines(path)) text += line;
  check_map("t5_precompiled", *normalizer_of(json::parse(text)["normalizer"]), false);
}

TEST_F(UnicodeSweep, PreTokenizers) {
  const auto check_pieces = [this](const std::string& name, const json& settings) {
    const auto component = make_pre_tokenizer(Fields(settings, "pre_tokenizer"));
    check_class(name, [&](char32_t c) -> std::string {
      PreTokenized parts(NormalizedText(std::u32string{U'q', c, U'q'}, 0));
      component->split(parts);
      return parts.pieces.size() == 1 ? "inside" : parts.pieces.size() == 3 ? "alone" : "dropped";
    });
  };
  check_pieces("bert_pre_tokenizer", {{"type", "BertPreTokenizer"}});
  check_pieces("whitespace_pre_tokenizer", {{"type", "Whitespace"}});
  check_pieces("whitespace_split", {{"type", "WhitespaceSplit"}});
  check_pieces("punctuation", {{"type", "Punctuation"}, {"behavior", "Isolated"}});
  check_pieces("digits", {{"type", "Digits"}, {"individual_digits", true}});
}

TEST_F(UnicodeSweep, RegexClasses) {
  for (const auto& [name, ranges] : sweep_["regex"].items()) {
    const bool escape = name == "s" || name == "w" || name == "d";
    const Regex regex(escape ? "\\" + name : "\\p{" + name + "}", "test");
    std::set<char32_t> expected;
    for (const json& range : ranges) {
      for (auto c = range[0].get<char32_t>(); c <= range[1].get<char32_t>(); ++c) {
        expected.insert(c);
      }
    }
    std::vector<Found> found;
    regex.find(characters_, found);
    std::set<char32_t> members;
    for (const Found& part : found) {
      if (part.is_match) members.insert(characters_[part.begin]);
    }
    EXPECT_EQ(members, expected) << name;
  }
}

}  // namespace
}  // namespace pellucid
