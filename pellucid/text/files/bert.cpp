// SPDX-License-Identifier: Apache-2.0
// vocab.txt: the pipeline of BertTokenizer and its relatives. One token a line, id = line number,
// of equal lines the last counts.
#include <algorithm>

#include "pellucid/text/files/folder.h"
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

}  // namespace

TokenizerDocument bert_document(const FolderTokenizer& folder) {
  const Fields settings = folder.fields();
  TokenizerDocument document;
  document.name = folder.name;
  document.data.vocabulary = read_lines(folder.bytes, folder.name);
  const Vocabulary& vocabulary = document.data.vocabulary;
  AddedTokenList tokens(settings, vocabulary);
  const auto role = [&](const char* name, const char* usual) {
    const RoleToken token = role_token(settings, name, {usual});
    // Old vocabularies need not have all of them.
    if (vocabulary.id(token.content)) tokens.add(token);
    return token.content;
  };
  role("pad_token", "[PAD]");
  const std::string unknown = role("unk_token", "[UNK]");
  const std::string start = role("cls_token", "[CLS]");
  const std::string separator = role("sep_token", "[SEP]");
  role("mask_token", "[MASK]");
  tokens.add_further(settings);
  const auto accents = settings.optional_boolean("strip_accents");
  json result = {{"normalizer",
                  {{"type", "BertNormalizer"},
                   {"clean_text", true},
                   {"handle_chinese_chars", settings.boolean("tokenize_chinese_chars", true)},
                   {"strip_accents", accents ? json(*accents) : json()},
                   {"lowercase", settings.boolean("do_lower_case", true)}}},
                 {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
                 {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
                 {"model",
                  {{"type", "WordPiece"},
                   {"vocab", json::object()},
                   {"unk_token", unknown},
                   {"continuing_subword_prefix", "##"},
                   {"max_input_chars_per_word", 100}}}};
  result["post_processor"] = template_component(
      {{start, 0}, {"$A", 0}, {separator, 0}},
      {{start, 0}, {"$A", 0}, {separator, 0}, {"$B", 1}, {separator, 1}}, tokens);
  result["added_tokens"] = tokens.take();
  document.settings = std::make_unique<json>(std::move(result));
  return document;
}

}  // namespace pellucid
