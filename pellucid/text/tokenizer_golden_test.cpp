// SPDX-License-Identifier: Apache-2.0
// Whole tokenizers against what the tokenizers library answered: every record must be equal. The
// large set stands beside the repository; a small one is part of it.
#include <gtest/gtest.h>

#include <fstream>

#include "pellucid/text/decoders/decoder.h"
#include "pellucid/text/normalizers/normalizer.h"
#include "pellucid/text/padding.h"
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
                                         "llama-stories260K", "llama2", "llama3", "modernbert-base",
                                         "phi-2", "qwen", "roberta-base", "t5-small"));

/// A folder as the case wants it: links to the files and a tokenizer_config.json of its settings.
fs::path make_folder(const json& item) {
  const fs::path folder =
      fs::path(testing::TempDir()) / ("files-" + item["name"].get<std::string>());
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const json& file : item["files"]) {
    const std::string place = item["folder"];  // "shared/...", or beside the index
    const fs::path from = place.starts_with("shared/")
                              ? fs::path(PELLUCID_SOURCE_DIR) / ".." / place
                              : kGolden / place;
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

TEST(TokenizerGolden, RandomModels) {
  const fs::path path =
      fs::path(PELLUCID_SOURCE_DIR) / "tests" / "goldens" / "text" / "models.jsonl.gz";
  std::size_t cases = 0;
  for (const std::string& line : golden::read_lines(path)) {
    const json record = json::parse(line);
    const std::string file = record["tokenizer"].dump();
    if (record.contains("error")) {
      EXPECT_THROW(Tokenizer::from_json(file), Error) << file.substr(0, 500);
      continue;
    }
    const Tokenizer tokenizer = Tokenizer::from_json(file);
    for (json item : record["cases"]) {
      item["kind"] = "encode";
      const std::string difference = golden::run(tokenizer, item, {});
      EXPECT_EQ(difference, "") << file.substr(0, 300) << ": " << item["text"];
      ++cases;
    }
  }
  EXPECT_GE(cases, 1000U);
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

/// The components of a file that records show alone.
struct SingleComponents {
  std::unique_ptr<Normalizer> normalizer;
  std::unique_ptr<PreTokenizer> pre_tokenizer;
  std::unique_ptr<Decoder> decoder;

  explicit SingleComponents(const json& settings) {
    const auto fields = [&settings](const char* name) { return Fields(settings[name], name); };
    if (!settings["normalizer"].is_null()) normalizer = make_normalizer(fields("normalizer"));
    if (!settings["pre_tokenizer"].is_null()) {
      pre_tokenizer = make_pre_tokenizer(fields("pre_tokenizer"));
    }
    if (!settings["decoder"].is_null()) decoder = make_decoder(fields("decoder"));
  }
};

json pieces_of(const PreTokenized& parts) {
  json pieces = json::array();
  for (const Piece& piece : parts.pieces) {
    if (piece.begin == piece.end) continue;  // makes no tokens
    const Span span = parts.text.span(piece.begin, piece.end);
    const std::string characters =
        encode_utf8(parts.text.characters.substr(piece.begin, piece.end - piece.begin));
    pieces.push_back({characters, {span.start, span.end}});
  }
  return pieces;
}

/// Compares "normalized", "pre" and "decoder" of a record with the component alone.
std::string run_parts(const SingleComponents& components, const json& record) {
  if (record.contains("normalized") && components.normalizer) {
    NormalizedText normalized(decode_utf8(record["text"].get<std::string>()), 0);
    components.normalizer->normalize(normalized);
    const std::string found = encode_utf8(normalized.characters);
    if (found != record["normalized"].get<std::string>()) return "normalized is \"" + found + '"';
  }
  if (record.contains("pre") && components.pre_tokenizer) {
    PreTokenized parts(NormalizedText(decode_utf8(record["text"].get<std::string>()), 0));
    components.pre_tokenizer->split(parts);
    json expected = json::array();
    for (const json& piece : record["pre"]) {
      if (piece[0] != "") expected.push_back(piece);
    }
    const json found = pieces_of(parts);
    if (found != expected) return "pre is " + found.dump();
  }
  if (record.contains("decoder") && record["decoder"].is_string() && components.decoder) {
    std::string text;
    for (const std::string& part :
         components.decoder->decode(record["tokens"].get<std::vector<std::string>>())) {
      text += part;
    }
    if (text != record["decoder"]) return "decoder gives \"" + text + '"';
  }
  return "";
}

/// One text or pair with the truncation and the padding of the file.
std::string run_one(const Tokenizer& tokenizer, const json& record) {
  EncodeOptions options = tokenizer.stored_truncation().value_or(EncodeOptions{});
  options.special_tokens = record["kind"] != "nospecial";
  const bool refused = record.contains("error");
  try {
    const std::string text = record["text"];
    const bool has_pair = record.contains("pair") && !record["pair"].is_null();
    std::vector<Encoding> batch{
        has_pair ? tokenizer.encode(text, record["pair"].get<std::string>(), options)
                 : tokenizer.encode(text, options)};
    if (refused) return "not refused";
    if (const auto padding = tokenizer.stored_padding()) pad(batch, *padding);
    return golden::difference(batch[0], record);
  } catch (const Error& error) {
    return refused ? "" : std::string("refused: ") + error.what();
  }
}

/// A batch with the truncation and the padding of the file.
std::string run_batch(const Tokenizer& tokenizer, const json& record) {
  const EncodeOptions options = tokenizer.stored_truncation().value_or(EncodeOptions{});
  const bool refused = record.contains("error");
  try {
    std::vector<Encoding> batch;
    for (const json& item : record["texts"]) {
      batch.push_back(item.is_array() ? tokenizer.encode(item[0].get<std::string>(),
                                                         item[1].get<std::string>(), options)
                                      : tokenizer.encode(item.get<std::string>(), options));
    }
    if (refused) return "not refused";
    if (const auto padding = tokenizer.stored_padding()) pad(batch, *padding);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::string difference = golden::difference(batch[i], record["batch"][i]);
      if (!difference.empty()) return difference;
    }
    return "";
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
    std::optional<SingleComponents> components;
    try {
      tokenizer = Tokenizer::load(place / "tokenizer.json");
      ++loaded;
    } catch (const Error& error) {
      refusal = error.what();
    }
    const auto has = [&settings](const char* name) {
      return settings.contains(name) && !settings[name].is_null();
    };
    const bool has_settings = has("truncation") || has("padding");
    for (const std::string& line : golden::read_lines(place / "cases.jsonl.gz")) {
      const json record = json::parse(line);
      std::string difference;
      if (record["kind"] == "load") {
        EXPECT_FALSE(tokenizer) << place << " is not refused";
        continue;
      }
      if (!components) components.emplace(settings);
      ASSERT_TRUE(tokenizer) << refusal;
      difference = run_parts(*components, record);
      if (tokenizer && record["kind"] == "batch") {
        difference += run_batch(*tokenizer, record);
      } else if (tokenizer) {
        difference +=
            has_settings ? run_one(*tokenizer, record) : golden::run(*tokenizer, record, {});
      }
      ++count;
      EXPECT_EQ(difference, "") << place << ": " << line.substr(0, 300);
    }
  }
  EXPECT_GE(loaded, 340U);
  EXPECT_GE(count, 13000U);
}

}  // namespace
}  // namespace pellucid
