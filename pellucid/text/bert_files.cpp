// SPDX-License-Identifier: Apache-2.0
// vocab.txt: the pipeline that the class BertTokenizer of transformers makes of it, as settings of
// a tokenizer.json.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/fields.h"
#include "pellucid/text/tokenizer_files.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

using nlohmann::json;

/// Lines end with \n, \r\n or \r.
Vocabulary read_lines(std::string_view bytes, const std::string& name) {
  decode_utf8(bytes, name);
  Vocabulary vocabulary;
  std::int64_t id = 0;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    vocabulary.add(bytes.substr(0, end), checked_id(id++, name, "line"));
    bytes.remove_prefix(end);
    if (bytes.substr(0, 2) == "\r\n") bytes.remove_prefix(1);
    if (!bytes.empty()) bytes.remove_prefix(1);
  }
  vocabulary.build(name, Vocabulary::Duplicates::last_wins);
  return vocabulary;
}

json added_token(std::int32_t id, std::string_view content) {
  return {{"id", id}, {"content", content}, {"normalized", false}, {"special", true}};
}

struct BertNames {
  std::string pad, unknown, start, separator, mask;

  explicit BertNames(const Fields& config)
      : pad(config.optional_string("pad_token").value_or("[PAD]")),
        unknown(config.optional_string("unk_token").value_or("[UNK]")),
        start(config.optional_string("cls_token").value_or("[CLS]")),
        separator(config.optional_string("sep_token").value_or("[SEP]")),
        mask(config.optional_string("mask_token").value_or("[MASK]")) {}
};

/// added_tokens_decoder ({"103": {"content": "[MASK]", ...}}), then the special tokens that it does
/// not name.
json added_tokens(const Fields& config, const BertNames& names, const Vocabulary& vocabulary) {
  json result = json::array();
  std::vector<std::string> contents;
  if (const auto decoder = config.optional_object("added_tokens_decoder")) {
    for (const std::string& key : decoder->names()) {
      std::int64_t id = -1;
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
      check(error == std::errc{} && end == key.data() + key.size(),
            "{}: {} is no token id, expected a whole number", decoder->place(), quote(key));
      contents.push_back(decoder->object(key).string("content"));
      json token = decoder->value(key);
      token["id"] = id;
      result.push_back(std::move(token));
    }
  }
  for (const std::string* name :
       {&names.pad, &names.unknown, &names.start, &names.separator, &names.mask}) {
    const auto id = vocabulary.id(*name);
    if (!id || std::find(contents.begin(), contents.end(), *name) != contents.end()) continue;
    contents.push_back(*name);
    result.push_back(added_token(*id, *name));
  }
  return result;
}

json special(std::string_view name, int type) {
  return {{"SpecialToken", {{"id", name}, {"type_id", type}}}};
}

json sequence(std::string_view name, int type) {
  return {{"Sequence", {{"id", name}, {"type_id", type}}}};
}

json bert_template(const BertNames& names, const Vocabulary& vocabulary, const std::string& place) {
  json tokens = json::object();
  for (const std::string* name : {&names.start, &names.separator}) {
    const auto id = vocabulary.id(*name);
    check(id.has_value(), "{}: the special token {} is not in the vocabulary", place, quote(*name));
    tokens[*name] = {{"id", *name}, {"ids", {*id}}, {"tokens", {*name}}};
  }
  const json single = {special(names.start, 0), sequence("A", 0), special(names.separator, 0)};
  json pair = single;
  pair.push_back(sequence("B", 1));
  pair.push_back(special(names.separator, 1));
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"pair", pair},
          {"special_tokens", tokens}};
}

}  // namespace

TokenizerDocument bert_document(std::string_view vocabulary, std::string name,
                                const json& config_json) {
  const Fields config(config_json, name + ": tokenizer_config.json");
  const BertNames names(config);
  TokenizerDocument document;
  document.name = std::move(name);
  document.data.vocabulary = read_lines(vocabulary, document.name);
  const auto strip_accents = config.optional_boolean("strip_accents");
  document.settings = std::make_unique<json>(
      json{{"added_tokens", added_tokens(config, names, document.data.vocabulary)},
           {"normalizer",
            {{"type", "BertNormalizer"},
             {"clean_text", true},
             {"handle_chinese_chars", config.boolean("tokenize_chinese_chars", true)},
             {"strip_accents", strip_accents ? json(*strip_accents) : json()},
             {"lowercase", config.boolean("do_lower_case", true)}}},
           {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
           {"post_processor", bert_template(names, document.data.vocabulary, document.name)},
           {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
           {"model",
            {{"type", "WordPiece"},
             {"vocab", json::object()},
             {"unk_token", names.unknown},
             {"continuing_subword_prefix", "##"},
             {"max_input_chars_per_word", 100}}}});
  return document;
}

}  // namespace pellucid
