// SPDX-License-Identifier: Apache-2.0
// Whole tokenizers against what the tokenizers library answered: every record must be equal. The
// large set stands beside the repository; a small one is part of it.
#include <gtest/gtest.h>

#include <fstream>

#include "pellucid/text/normalizers/normalizer.h"
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"
#include "pellucid/text/unicode.h"
#include "tests/text_records.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kShared = fs::path(PELLUCID_SOURCE_DIR) / ".." / "shared";
const fs::path kGolden = kShared / "golden" / "tokenizers";

json read_json(const fs::path& path) {
  std::ifstream file(path);
  return json::parse(file);
}

std::vector<std::string> corpus() {
  std::vector<std::string> texts;
  for (const std::string& line : golden::read_lines(kGolden / "corpus.txt.gz")) {
    texts.push_back(json::parse(line).get<std::string>());
  }
  return texts;
}

/// Runs all records that the filter takes; the first few differences are reported.
std::size_t run_records(const Tokenizer& tokenizer, const fs::path& path,
                        const std::vector<std::string>& texts) {
  std::size_t count = 0;
  std::size_t failed = 0;
  for (const std::string& line : golden::read_lines(path)) {
    const json record = json::parse(line);
    const std::string kind = record["kind"];
    if (kind == "header" || kind == "load" || kind == "batch") continue;
    ++count;
    const std::string difference = golden::run(tokenizer, record, texts);
    if (!difference.empty() && ++failed <= 5) {
      ADD_FAILURE() << path << ": " << line.substr(0, 300) << "\n  " << difference.substr(0, 1000);
    }
  }
  EXPECT_EQ(failed, 0U) << path << ": " << failed << " of " << count << " records differ";
  return count;
}

/// The file as found holds plain spaces where U+00A0 belongs; see the records' own description.
Tokenizer load_repaired_llama2(const fs::path& path) {
  json file = read_json(path);
  json vocabulary = json::object();
  const std::string kNoBreak = "\u00A0";
  for (const auto& [token, id] : file["model"]["vocab"].items()) {
    std::string repaired;
    for (const char byte : token) {
      if (byte == ' ') {
        repaired += kNoBreak;
      } else {
        repaired += byte;
      }
    }
    vocabulary[repaired] = id;
  }
  file["model"]["vocab"] = std::move(vocabulary);
  file["model"]["merges"][18917] = kNoBreak + " " + kNoBreak;
  file["model"]["merges"][38142] = kNoBreak + kNoBreak + " " + kNoBreak + kNoBreak;
  file["model"]["merges"][42805] = "\u2581 " + kNoBreak;
  return Tokenizer::from_json(file.dump());
}

Tokenizer load_whole(const std::string& name) {
  const fs::path folder = kShared / "tokenizers" / name;
  if (name == "llama2") return load_repaired_llama2(folder / "tokenizer.json");
  return Tokenizer::load(fs::exists(folder) ? folder : kShared / "models" / name);
}

class WholeTokenizer : public testing::TestWithParam<const char*> {};

TEST_P(WholeTokenizer, EveryRecordIsEqual) {
  const std::string name = GetParam();
  if (!fs::exists(kGolden)) GTEST_SKIP() << "no " << kGolden;
  const Tokenizer tokenizer = load_whole(name);
  EXPECT_EQ(run_records(tokenizer, kGolden / (name + ".jsonl.gz"), corpus()), 2025U);
}

INSTANTIATE_TEST_SUITE_P(All, WholeTokenizer,
                         testing::Values("albert-base-v2", "bert-base-cased", "bert-base-chinese",
                                         "bert-base-uncased", "clip", "deberta-v3-base", "gpt2",
                                         "llama-stories260K", "llama2", "llama3",
                                         "modernbert-base", "phi-2", "qwen", "roberta-base",
                                         "t5-small"));

/// A folder as the case wants it: links to the files and a tokenizer_config.json of its settings.
fs::path make_folder(const json& item) {
  const fs::path folder =
      fs::path(testing::TempDir()) / ("files-" + item["name"].get<std::string>());
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const json& file : item["files"]) {
    const fs::path from = fs::path(PELLUCID_SOURCE_DIR) / ".." / item["folder"].get<std::string>();
    fs::create_symlink(from / file.get<std::string>(), folder / file.get<std::string>());
  }
  std::ofstream(folder / "tokenizer_config.json") << item["tokenizer_config"].dump();
  return folder;
}

TEST(TokenizerGolden, FoldersWithoutTokenizerJson) {
  if (!fs::exists(kGolden)) GTEST_SKIP() << "no " << kGolden;
  const std::vector<std::string> texts = corpus();
  std::ifstream index(kGolden / "files" / "index.json");
  std::size_t cases = 0;
  for (const json& item : json::parse(index)) {
    const std::string name = item["name"];
    const Tokenizer tokenizer = Tokenizer::load(make_folder(item));
    run_records(tokenizer, kGolden / "files" / (name + ".jsonl.gz"), texts);
    ++cases;
  }
  EXPECT_GE(cases, 29U);
}

TEST(TokenizerGolden, BundledModel) {
  const fs::path model = fs::path(PELLUCID_SOURCE_DIR) / "demo" / "demo-emotion";
  const fs::path records =
      fs::path(PELLUCID_SOURCE_DIR) / "tests" / "goldens" / "text" / "demo-emotion.jsonl.gz";
  EXPECT_GE(run_records(Tokenizer::load(model), records, {}), 400U);
  EXPECT_GE(run_records(Tokenizer::load(model / "vocab.txt"), records, {}), 400U);
  EXPECT_EQ(Tokenizer::load(model).model_max_length(), 512);
}

TEST(TokenizerGolden, ModelsBesideTheRepository) {
  const fs::path models = kShared / "models";
  if (!fs::exists(models)) GTEST_SKIP() << "no " << models;
  for (const char* name : {"demo-emotion", "minilm-sst2", "minilm-goemotions", "minilm-ner"}) {
    const Tokenizer tokenizer = Tokenizer::load(models / name);
    const json golden = read_json(models / name / "golden.json");
    for (const json& item : golden["cases"]) {
      if (!item.contains("text") || !item.contains("input_ids")) continue;
      EXPECT_EQ(json(tokenizer.encode(item["text"].get<std::string>()).ids()), item["input_ids"])
          << name << ": " << item["text"];
    }
  }
}

/// Compares "normalized" and "pre" of a record with the component alone.
std::string run_parts(const json& settings, const json& record) {
  const std::u32string text = decode_utf8(record["text"].get<std::string>());
  if (record.contains("normalized") && !settings["normalizer"].is_null()) {
    NormalizedText normalized(text, 0);
    make_normalizer(Fields(settings["normalizer"], "normalizer"))->normalize(normalized);
    const std::string found = encode_utf8(normalized.characters);
    if (found != record["normalized"].get<std::string>()) return "normalized is \"" + found + '"';
  }
  if (record.contains("pre") && !settings["pre_tokenizer"].is_null()) {
    PreTokenized parts(NormalizedText(text, 0));
    make_pre_tokenizer(Fields(settings["pre_tokenizer"], "pre_tokenizer"))->split(parts);
    json found = json::array();
    for (const Piece& piece : parts.pieces) {
      if (piece.begin == piece.end) continue;
      const Span span = parts.text.span(piece.begin, piece.end);
      const std::string characters =
          encode_utf8(parts.text.characters.substr(piece.begin, piece.end - piece.begin));
      found.push_back({characters, {span.start, span.end}});
    }
    json expected = json::array();  // pieces without characters make no tokens
    for (const json& piece : record["pre"]) {
      if (piece[0] != "") expected.push_back(piece);
    }
    if (found != expected) return "pre is " + found.dump();
  }
  return "";
}

/// Batches of a truncation case without padding: each text with the settings of the file.
std::string run_batch(const Tokenizer& tokenizer, const json& record) {
  const EncodeOptions options = tokenizer.stored_truncation().value();
  const bool refused = record.contains("error");
  try {
    for (std::size_t i = 0; i < record["texts"].size(); ++i) {
      const json& item = record["texts"][i];
      const Encoding encoding =
          item.is_array()
              ? tokenizer.encode(item[0].get<std::string>(), item[1].get<std::string>(), options)
              : tokenizer.encode(item.get<std::string>(), options);
      if (refused) continue;
      const std::string difference = golden::difference(encoding, record["batch"][i]);
      if (!difference.empty()) return difference;
    }
    return refused ? "not refused" : "";
  } catch (const Error& error) {
    return refused ? "" : std::string("refused: ") + error.what();
  }
}

TEST(TokenizerGolden, Components) {
  const fs::path folder = kGolden / "components";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder;
  std::size_t loaded = 0;
  std::size_t count = 0;
  for (const json& item : read_json(folder / "index.json")) {
    const fs::path place =
        folder / item["group"].get<std::string>() / item["name"].get<std::string>();
    const json settings = read_json(place / "tokenizer.json");
    const std::vector<std::string> lines = golden::read_lines(place / "cases.jsonl.gz");
    std::optional<Tokenizer> tokenizer;
    std::string refusal;
    try {
      tokenizer = Tokenizer::load(place / "tokenizer.json");
      ++loaded;
    } catch (const Error& error) {
      refusal = error.what();
    }
    // Padding is not applied, truncation only when asked for: the batches have the file's options.
    if (settings.contains("padding") && !settings["padding"].is_null()) continue;
    const bool truncates = settings.contains("truncation") && !settings["truncation"].is_null();
    for (const std::string& line : golden::read_lines(place / "cases.jsonl.gz")) {
      const json record = json::parse(line);
      std::string difference;
      if (record["kind"] == "load") {
        EXPECT_FALSE(tokenizer) << place << " is not refused";
        continue;
      }
      EXPECT_TRUE(tokenizer || refusal.find("is not supported") != std::string::npos)
          << place << ": " << refusal;
      try {
        if (record["kind"] == "encode") difference = run_parts(settings, record);
      } catch (const Error& error) {
        if (tokenizer) difference = error.what();
      }
      if (tokenizer && record["kind"] == "batch") {
        difference += run_batch(*tokenizer, record);
      } else if (tokenizer && !truncates) {
        difference += golden::run(*tokenizer, record, {});
      }
      ++count;
      EXPECT_EQ(difference, "") << place << ": " << line.substr(0, 300);
    }
  }
  EXPECT_GE(loaded, 60U);
  EXPECT_GE(count, 10000U);
}

}  // namespace
}  // namespace pellucid
