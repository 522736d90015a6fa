// SPDX-License-Identifier: Apache-2.0
// Records of the tokenizers library's answers, one JSON object a line, and how an Encoding is
// compared with one. For tests only.
#pragma once

#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/text/tokenizer.h"

namespace pellucid::golden {

using nlohmann::json;

/// Lines of a file, compressed or not.
inline std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  check(file != nullptr, "{}: cannot be read", path.string());
  std::string bytes;
  std::vector<char> buffer(1 << 16);
  for (int size = 0;
       (size = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) > 0;) {
    bytes.append(buffer.data(), static_cast<std::size_t>(size));
  }
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end = 0; begin < bytes.size(); begin = end + 1) {
    end = std::min(bytes.find('\n', begin), bytes.size());
    lines.push_back(bytes.substr(begin, end - begin));
  }
  return lines;
}

/// The encoding as the records write it.
inline json as_record(const Encoding& encoding) {
  json record = {{"ids", json::array()},     {"tokens", json::array()},
                 {"offsets", json::array()}, {"word_ids", json::array()},
                 {"special", json::array()}, {"type_ids", json::array()},
                 {"mask", json::array()},    {"sequence_ids", json::array()}};
  for (const Token& token : encoding.tokens) {
    record["ids"].push_back(token.id);
    record["tokens"].push_back(token.text);
    record["offsets"].push_back({token.span.start, token.span.end});
    record["word_ids"].push_back(token.word ? json(*token.word) : json());
    record["special"].push_back(token.special ? 1 : 0);
    record["type_ids"].push_back(token.type);
    record["mask"].push_back(token.padding ? 0 : 1);
    record["sequence_ids"].push_back(token.special ? json() : json(token.segment));
  }
  return record;
}

/// "" if the fields of the encoding are those of the record (fields that the record lacks are not
/// compared).
inline std::string difference(const Encoding& encoding, const json& record) {
  const json found = as_record(encoding);
  for (const auto& [key, value] : found.items()) {
    if (record.contains(key) && record[key] != value) {
      return key + " is " + value.dump() + ", expected " + record[key].dump();
    }
  }
  const json& overflow = record.contains("overflow") ? record["overflow"] : json::array();
  if (encoding.overflowing.size() != overflow.size()) {
    return std::to_string(encoding.overflowing.size()) + " further windows, expected " +
           std::to_string(overflow.size());
  }
  for (std::size_t i = 0; i < overflow.size(); ++i) {
    const std::string inner = difference(encoding.overflowing[i], overflow[i]);
    if (!inner.empty()) return "window " + std::to_string(i) + ": " + inner;
  }
  return "";
}

inline EncodeOptions options_of(const json& record) {
  EncodeOptions options;
  options.special_tokens = record["kind"] != "nospecial";
  options.special_in_text = record["kind"] != "encode_special_as_text";
  if (record["kind"] == "trunc") {
    options.max_length = record["max_length"].get<std::int64_t>();
    options.stride = record["stride"].get<std::int64_t>();
    options.truncation = record["strategy"] == "only_first"    ? Truncation::only_first
                         : record["strategy"] == "only_second" ? Truncation::only_second
                                                               : Truncation::longest_first;
    if (record["direction"] == "left") options.side = TruncationSide::left;
  }
  return options;
}

inline Encoding encode(const Tokenizer& tokenizer, const json& record,
                       const std::vector<std::string>& corpus) {
  const EncodeOptions options = options_of(record);
  const auto has = [&record](const char* name) {
    return record.contains(name) && !record[name].is_null();
  };
  if (record["kind"] == "words") {
    const auto words = record["words"].get<std::vector<std::string>>();
    if (!has("pair_words")) return tokenizer.encode_words(words, options);
    const auto pair = record["pair_words"].get<std::vector<std::string>>();
    return tokenizer.encode_words(words, pair, options);
  }
  const auto text_of = [&](const char* name, const char* index) {
    return has(name) ? record[name].get<std::string>()
                     : corpus.at(record[index].get<std::size_t>());
  };
  const std::string text = text_of("text", "i");
  if (!has("pair") && !has("j")) return tokenizer.encode(text, options);
  return tokenizer.encode(text, text_of("pair", "j"), options);
}

/// Runs one record; "" if the answer is equal (or the record wants a refusal and gets one).
inline std::string run(const Tokenizer& tokenizer, const json& record,
                       const std::vector<std::string>& corpus) {
  const bool refused = record.contains("error");
  try {
    if (record["kind"] == "decode") {
      const std::string text = tokenizer.decode(record["ids"].get<std::vector<std::int32_t>>(),
                                                record["skip"].get<bool>());
      // Where the library's decoder breaks off, an answer is as good as a refusal.
      if (record["text"].is_object()) return "";
      return refused ? "not refused"
             : text == record["text"].get<std::string>()
                 ? ""
                 : "text is \"" + text + "\", expected " + record["text"].dump();
    }
    const Encoding encoding = encode(tokenizer, record, corpus);
    return refused ? "not refused" : difference(encoding, record);
  } catch (const Error& error) {
    return refused ? "" : std::string("refused: ") + error.what();
  }
}

}  // namespace pellucid::golden
