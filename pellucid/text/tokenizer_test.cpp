// SPDX-License-Identifier: Apache-2.0
// What a tokenizer refuses and how it says so; roles, folders, and that time and memory follow the
// input.
#include "pellucid/text/tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json small_settings() {
  return json::parse(R"({
    "added_tokens": [
      {"id": 0, "content": "[PAD]", "special": true, "normalized": false},
      {"id": 1, "content": "[UNK]", "special": true, "normalized": false},
      {"id": 2, "content": "[CLS]", "special": true, "normalized": false},
      {"id": 3, "content": "[SEP]", "special": true, "normalized": false},
      {"id": 4, "content": "[MASK]", "special": true, "normalized": false}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                   "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100,
              "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "play": 5,
                        "##ing": 6, "cafe": 7, "!": 8, "a": 9, "##a": 10}}})");
}

Tokenizer small() { return Tokenizer::from_json(small_settings().dump()); }

template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string error_of_json(const std::string& text) {
  return error_of([&] { Tokenizer::from_json(text, "t.json"); });
}

/// The settings with one place (a JSON pointer) set to a value, or removed.
std::string changed(const char* place, const json& value) {
  json settings = small_settings();
  settings[json::json_pointer(place)] = value;
  return settings.dump();
}
std::string without(const char* parent, const char* field) {
  json settings = small_settings();
  settings.at(json::json_pointer(parent)).erase(field);
  return settings.dump();
}

TEST(Tokenizer, TokensKnowTheirCharacters) {
  const Encoding encoding = small().encode("Playing  Café\u00AD![MASK]x");
  EXPECT_EQ(encoding.ids(), (std::vector<std::int32_t>{2, 5, 6, 7, 8, 4, 1, 3}));
  EXPECT_EQ(encoding.tokens[1].span, (Span{0, 4}));
  EXPECT_EQ(encoding.tokens[2].span, (Span{4, 7}));
  EXPECT_EQ(encoding.tokens[3].span, (Span{9, 13}));
  EXPECT_EQ(encoding.tokens[4].span, (Span{14, 15}));
  EXPECT_FALSE(encoding.tokens[5].special);  // written in the text
  EXPECT_TRUE(encoding.tokens[7].special);
  EXPECT_EQ(encoding.tokens[7].word, std::nullopt);
  EXPECT_EQ(encoding.tokens[6].word, 4);
}

TEST(Tokenizer, PairsHaveSegmentsAndTypes) {
  const Encoding encoding = small().encode("play", "cafe");
  EXPECT_EQ(encoding.types(), (std::vector<std::int32_t>{0, 0, 0, 1, 1}));
  EXPECT_EQ(encoding.tokens[2].segment, 0);
  EXPECT_EQ(encoding.tokens[3].segment, 1);
  EXPECT_EQ(encoding.tokens[4].segment, 1);
}

TEST(Tokenizer, TruncationCountsWhatItCuts) {
  const Encoding encoding =
      small().encode("play a a a a", EncodeOptions{.max_length = 4, .stride = 1});
  EXPECT_EQ(encoding.ids(), (std::vector<std::int32_t>{2, 5, 9, 3}));
  EXPECT_EQ(encoding.truncated, 3);
  EXPECT_EQ(encoding.overflowing.size(), 3U);
  const Encoding alone =
      small().encode("play a a", EncodeOptions{.max_length = 4, .overflowing = false});
  EXPECT_EQ(alone.truncated, 1);
  EXPECT_TRUE(alone.overflowing.empty());
  const auto encode = [](EncodeOptions options) {
    return error_of([&] { small().encode("play a a", options); });
  };
  EXPECT_EQ(encode({.max_length = -1}), "max_length is -1, expected 0 or more");
  EXPECT_NE(encode({.max_length = 4, .stride = 2}), "accepted");
  EXPECT_NE(encode({.max_length = 4, .truncation = Truncation::only_second}), "accepted");
}

TEST(Tokenizer, RolesComeFromTheUsualNames) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.pad_id(), 0);
  EXPECT_EQ(tokenizer.unk_id(), 1);
  EXPECT_EQ(tokenizer.cls_id(), 2);
  EXPECT_EQ(tokenizer.sep_id(), 3);
  EXPECT_EQ(tokenizer.mask_id(), 4);
  EXPECT_EQ(tokenizer.eos_id(), std::nullopt);
  EXPECT_EQ(tokenizer.vocabulary_size(), 11);
  EXPECT_EQ(tokenizer.token(11), std::nullopt);
  EXPECT_EQ(tokenizer.token(-1), std::nullopt);
  EXPECT_EQ(tokenizer.decode({2, 5, 6, 8, 99, -4, 3}), "playing!");
}

TEST(Tokenizer, InvalidTextIsRefused) {
  EXPECT_EQ(error_of([] { small().encode("ab\xFF"); }),
            "text is not valid UTF-8: byte 0xFF at position 2");
  EXPECT_EQ(error_of([] { small().encode("ab", "\xC0"); }),
            "pair is not valid UTF-8: byte 0xC0 at position 0");
  EXPECT_TRUE(small().encode("").tokens.size() == 2);
  EXPECT_EQ(small().encode(std::string("a\0a", 3)).ids(), (std::vector<std::int32_t>{2, 9, 10, 3}));
}

TEST(TokenizerJson, ErrorsNameTheComponentAndTheField) {
  EXPECT_EQ(
      error_of_json(changed("/normalizer/type", "BertNormaliser")),
      "t.json: normalizer: type \"BertNormaliser\" is not supported, expected one of "
      "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, "
      "Replace, Sequence, Strip, StripAccents; did you mean \"BertNormalizer\"?");
  EXPECT_EQ(error_of_json(without("/normalizer", "lowercase")),
            "t.json: normalizer: field \"lowercase\" is missing");
  EXPECT_EQ(error_of_json(changed("/normalizer/lowercase", 3)),
            "t.json: normalizer: \"lowercase\" is 3, expected true or false");
  EXPECT_EQ(error_of_json(without("", "model")), "t.json: field \"model\" is missing");
  EXPECT_EQ(error_of_json(changed("/truncation", json::parse(R"({"max_length": 5, "stride": 0,
                "strategy": "LongestFist", "direction": "Right"})"))),
            "t.json: truncation: \"strategy\" is \"LongestFist\", expected one of LongestFirst, "
            "OnlyFirst, OnlySecond; did you mean \"LongestFirst\"?");
  EXPECT_EQ(error_of_json("[]"), "t.json: found an array of 0, expected an object");
}

TEST(TokenizerJson, IdsAreCheckedAndTakeNoMemory) {
  EXPECT_EQ(error_of_json(changed("/model/vocab/play", 6)),
            "t.json: model.vocab: the tokens \"##ing\" and \"play\" have the same id 6");
  EXPECT_EQ(error_of_json(changed("/model/vocab/play", -1)),
            "t.json: \"play\" is -1, expected 0 to 2147483647");
  EXPECT_NE(error_of_json(changed("/model/vocab/play", 2147483648)), "accepted");
  EXPECT_NE(error_of_json(changed("/model/vocab/play", 18446744073709551615U)), "accepted");
  EXPECT_NE(error_of_json(changed("/model/vocab/play", 1.5)), "accepted");
  EXPECT_NE(error_of_json(changed("/model/vocab/play", json::array())), "accepted");
  EXPECT_EQ(error_of_json(changed("/added_tokens/0/id", 9)),
            "t.json: the added token \"[PAD]\" has the id 9, in the vocabulary 0");
  EXPECT_NE(error_of_json(changed("/added_tokens/1/content", "[PAD]")), "accepted");
  const Tokenizer sparse = Tokenizer::from_json(changed("/model/vocab/play", 2147483647));
  EXPECT_EQ(sparse.id("play"), 2147483647);
  EXPECT_EQ(sparse.token(2147483647), "play");
  EXPECT_EQ(sparse.vocabulary_size(), 11);
}

TEST(TokenizerJson, DuplicateKeysAndDeepNestingAreRefused) {
  EXPECT_EQ(error_of_json(R"({"model": {"vocab": {"a": 0, "a": 1}}})"),
            "t.json: model.vocab: the token \"a\" occurs twice, with the ids 0 and 1");
  EXPECT_EQ(error_of_json(R"({"model": {}, "model": {}})"),
            "t.json: the key \"model\" occurs twice in an object");
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(error_of_json(deep), "t.json: nested deeper than 100 levels");
  const std::string error = error_of_json("{\"model\": \n tru");
  EXPECT_EQ(error.find("t.json: not valid JSON at byte "), 0U) << error;
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

TEST(TokenizerJson, StoredTruncationAndPaddingAreRead) {
  json settings = small_settings();
  settings["truncation"] = json::parse(
      R"({"max_length": 5, "stride": 1, "strategy": "OnlyFirst", "direction": "Left"})");
  settings["padding"] = json::parse(R"({"strategy": {"Fixed": 8}, "direction": "Right",
      "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"})");
  const Tokenizer tokenizer = Tokenizer::from_json(settings.dump());
  EXPECT_EQ(tokenizer.stored_truncation()->max_length, 5);
  EXPECT_EQ(tokenizer.stored_truncation()->side, TruncationSide::left);
  EXPECT_EQ(tokenizer.stored_padding()->length, 8);
  EXPECT_EQ(tokenizer.encode("a a a a a a a a a").tokens.size(), 11U);  // neither is applied
}

/// A new folder with these files.
fs::path folder_of(const std::string& name,
                   const std::vector<std::pair<std::string, std::string>>& files) {
  const fs::path folder = fs::path(testing::TempDir()) / ("tokenizer-" + name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const auto& [file, text] : files) std::ofstream(folder / file) << text;
  return folder;
}

const std::string kLines = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nplay\n##ing\nPlay\n";

TEST(TokenizerFiles, VocabTxtWithItsConfiguration) {
  const fs::path plain = folder_of("plain", {{"vocab.txt", kLines}});
  EXPECT_EQ(Tokenizer::load(plain).encode("Playing").ids(),
            (std::vector<std::int32_t>{2, 5, 6, 3}));
  EXPECT_EQ(Tokenizer::load(plain / "vocab.txt").model_max_length(), std::nullopt);
  const fs::path cased = folder_of(
      "cased", {{"vocab.txt", kLines},
                {"tokenizer_config.json",
                 R"({"do_lower_case": false, "model_max_length": 512, "pad_token": "[MASK]"})"}});
  const Tokenizer tokenizer = Tokenizer::load(cased);
  EXPECT_EQ(tokenizer.encode("Playing").ids(), (std::vector<std::int32_t>{2, 7, 6, 3}));
  EXPECT_EQ(tokenizer.model_max_length(), 512);
  EXPECT_EQ(tokenizer.pad_id(), 4);
  const fs::path windows = folder_of("windows", {{"vocab.txt", "[UNK]\r\n[CLS]\r\n[SEP]\r\nplay"}});
  EXPECT_EQ(Tokenizer::load(windows).id("play"), 3);
}

TEST(TokenizerFiles, AddedTokensOfTheConfiguration) {
  const fs::path folder = folder_of(
      "added", {{"vocab.txt", kLines},
                {"added_tokens.json", R"({"<new>": 8})"},
                {"tokenizer_config.json",
                 R"({"added_tokens_decoder": {"9": {"content": "<other>", "special": true}}})"}});
  const Tokenizer tokenizer = Tokenizer::load(folder);
  EXPECT_EQ(tokenizer.encode("play<new> <other>").ids(),
            (std::vector<std::int32_t>{2, 5, 8, 9, 3}));
  EXPECT_TRUE(tokenizer.is_special(9));
  EXPECT_EQ(tokenizer.vocabulary_size(), 10);
}

TEST(TokenizerFiles, MissingAndBrokenFilesAreNamed) {
  const fs::path empty = folder_of("empty", {});
  const auto load = [](const fs::path& path) { return error_of([&] { Tokenizer::load(path); }); };
  EXPECT_EQ(load(empty), empty.string() +
                             ": no tokenizer in this folder, looked for tokenizer.json, vocab.txt, "
                             "vocab.json, spiece.model, spm.model, tokenizer.model, "
                             "qwen.tiktoken, sentencepiece.bpe.model");
  EXPECT_EQ(load(empty / "x.json"), (empty / "x.json").string() + ": no such file or folder");
  EXPECT_NE(load(folder_of("invalid", {{"vocab.txt", "[UNK]\n\xFF\n"}})), "accepted");
  EXPECT_NE(load(folder_of("no-cls", {{"vocab.txt", "a\nb\n"}})), "accepted");
  EXPECT_NE(load(folder_of("config", {{"vocab.txt", kLines}, {"tokenizer_config.json", "[1]"}})),
            "accepted");
  EXPECT_NE(
      load(folder_of("decoder", {{"vocab.txt", kLines},
                                 {"added_tokens.json", R"({"x": 8})"},
                                 {"tokenizer_config.json", R"({"added_tokens_decoder": "x"})"}})),
      "accepted");
}

TEST(TokenizerJson, ModelsNameWhatTheyMiss) {
  const auto bpe = [](const char* fields) {
    return error_of_json(std::string(R"({"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1}, )") +
                         fields + "}}");
  };
  EXPECT_EQ(bpe(R"("merges": ["a a"])"), "accepted");
  EXPECT_EQ(bpe(R"("merges": [["a", "a"]], "dropout": 0.0)"), "accepted");
  EXPECT_EQ(bpe(R"("merges": ["a a"], "dropout": 0.1)"),
            "t.json: model: \"dropout\" is 0.1, expected null or 0: tokens must not be random");
  EXPECT_EQ(bpe(R"("merges": ["a b"])"),
            "t.json: model: merges[0]: \"b\" is not in the vocabulary");
  EXPECT_EQ(bpe(R"("merges": ["a a a"])"),
            "t.json: model.merges[0]: expected \"left right\" or [\"left\", \"right\"], all alike");
  EXPECT_NE(bpe(R"("merges": ["a a", ["a", "a"]])"), "accepted");
  EXPECT_NE(bpe(R"("merges": [["a", "a", "a"]])"), "accepted");
  EXPECT_NE(bpe(R"("merges": [["a"]])"), "accepted");
  EXPECT_NE(bpe(R"("merges": [1])"), "accepted");
  const auto unigram = [](const char* vocabulary) {
    return error_of_json(std::string(R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": )") +
                         vocabulary + "}}");
  };
  EXPECT_EQ(unigram(R"([["a", -1], ["a", 2.5]])"), "accepted");
  EXPECT_EQ(unigram("[]"),
            "t.json: model: \"unk_id\" is 0, expected 0 to -1, an index of \"vocab\"");
  EXPECT_EQ(unigram(R"([["a", "b"]])"), "t.json: model.vocab[0]: expected a token and its score");
  EXPECT_NE(unigram(R"([["a"]])"), "accepted");
  EXPECT_NE(unigram(R"(["a", 1])"), "accepted");
  EXPECT_NE(unigram(R"({"a": 1})"), "accepted");
}

TEST(TokenizerFiles, ClassesByNameAndContent) {
  const std::string vocabulary = R"({"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3})";
  const fs::path gpt2 =
      folder_of("gpt2", {{"vocab.json", vocabulary}, {"merges.txt", "#version: 0.2\na b\n"}});
  EXPECT_EQ(Tokenizer::load(gpt2).encode("abba").ids(), (std::vector<std::int32_t>{2, 1, 0}));
  std::ofstream(gpt2 / "tokenizer_config.json") << R"({"tokenizer_class": "GTP2Tokenizer"})";
  const std::string unknown = error_of([&] { Tokenizer::load(gpt2); });
  EXPECT_NE(unknown.find("did you mean \"GPT2Tokenizer\"?"), std::string::npos) << unknown;
  std::ofstream(gpt2 / "tokenizer_config.json") << R"({"tokenizer_class": "T5TokenizerFast"})";
  const std::string other = error_of([&] { Tokenizer::load(gpt2); });
  EXPECT_NE(other.find("has a SentencePiece model"), std::string::npos) << other;
  const fs::path ranks = folder_of("ranks", {{"tokenizer.model", "YQ== 0\nYg== 1\nYWI= 2\n"}});
  EXPECT_EQ(Tokenizer::load(ranks).encode("abb").ids(), (std::vector<std::int32_t>{3, 2, 1}));
  EXPECT_NE(error_of([&] {
              Tokenizer::load(folder_of("bad", {{"tokenizer.model", "YQ== 0\nYg 1\n"}}));
            }),
            "accepted");
}

TEST(TokenizerFiles, AnySentencePieceBytesAreReadOrRefused) {
  // Three pieces ("<unk>", "a" with score -1, "ab") and a trainer that says unigram.
  const std::string model(
      "\x0A\x0E\x0A\x05<unk>\x15\0\0\0\0\x18\x02"
      "\x0A\x08\x0A\x01"
      "a\x15\0\0\x80\xBF"
      "\x0A\x09\x0A\x02"
      "ab\x15\0\0\x80\xBF"
      "\x12\x02\x18\x01",
      16 + 10 + 11 + 4);
  std::string with_end = model;
  with_end += std::string("\x0A\x08\x0A\x04</s>\x18\x03", 10);
  const auto load = [](const std::string& bytes) {
    const fs::path folder = folder_of("spm", {});
    std::ofstream(folder / "spiece.model", std::ios::binary) << bytes;
    return Tokenizer::load(folder).encode("ab").ids();
  };
  EXPECT_EQ(load(with_end), (std::vector<std::int32_t>{0, 2, 3}));
  for (std::size_t size = 0; size < with_end.size(); ++size) {
    error_of([&] { load(with_end.substr(0, size)); });
    for (const char byte : {'\0', '\x7F', '\xFF'}) {
      std::string changed_model = with_end;
      changed_model[size] = byte;
      error_of([&] { load(changed_model); });
    }
  }
}

TEST(Tokenizer, MegabytesTakeLinearTime) {
  // With quadratic work each of these would run for hours.
  const Tokenizer tokenizer = small();
  for (const std::string part : {"a", "a ", "!", "[MASK]", "é", "中", " ", "[", "\u0301"}) {
    std::string text;
    while (text.size() < 1'000'000) text += part;
    const Encoding encoding = tokenizer.encode(text);
    EXPECT_GE(encoding.tokens.size(), 2U);
  }
  json settings = small_settings();
  settings["model"]["max_input_chars_per_word"] = 10'000'000;
  const Tokenizer unlimited = Tokenizer::from_json(settings.dump());
  EXPECT_EQ(unlimited.encode(std::string(1'000'000, 'a')).tokens.size(), 1'000'002U);
}

/// A vocabulary of scores may hold a token twice; the added token has the later id.
TEST(Tokenizer, SpecialTokensAreSkippedByTheirText) {
  const auto tokenizer = Tokenizer::from_json(R"({
    "added_tokens": [{"id": 3, "content": "x", "special": true}],
    "model": {"type": "Unigram", "unk_id": 0,
              "vocab": [["u", 0], ["x", -1], ["a", -1], ["x", -2]]}})");
  EXPECT_EQ(tokenizer.decode({1, 2, 3}), "a");
  EXPECT_EQ(tokenizer.decode({1, 2, 3}, false), "x a x");
}

}  // namespace
}  // namespace pellucid
