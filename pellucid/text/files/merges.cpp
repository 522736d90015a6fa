// SPDX-License-Identifier: Apache-2.0
// vocab.json and merges.txt: GPT-1, GPT-2, RoBERTa, CLIP, Qwen2.
#include <algorithm>
#include <limits>
#include <unordered_set>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/files/folder.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

using nlohmann::json;

constexpr const char* kEndOfText = "<|endoftext|>";
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

/// The first line is a version. Of equal merges the first one counts. Lines beyond `most` are no
/// merges, and neither is a last line that does not end with a line break (none but CLIP takes it).
MergeTexts read_merges(std::string_view bytes, const std::string& name, std::size_t most) {
  decode_utf8(bytes, name);
  const bool unfinished = !bytes.ends_with('\n');
  MergeTexts merges;
  std::unordered_set<std::string_view> seen;
  for (std::size_t number = 0; !bytes.empty() && number <= most; ++number) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool is_cut_off = unfinished && bytes.empty() && most == kAll;
    if (number == 0 || line.empty() || is_cut_off || !seen.insert(line).second) continue;
    check(add_merge_line(line, merges), "{}: line {} is {}, expected two tokens", name, number + 1,
          quote(line));
  }
  return merges;
}

/// vocab.json is the "vocab" of a tokenizer.json.
TokenizerDocument read_document(const FolderTokenizer& folder, std::size_t most = kAll) {
  TokenizerDocument document;
  document.name = folder.name;
  document.data.vocabulary = read_vocabulary_json(folder.bytes, folder.name);
  document.data.merge_texts = read_merges(folder.merges, folder.name + ": merges.txt", most);
  return document;
}

json bpe_model(json unknown, const char* suffix) {
  return {{"type", "BPE"},
          {"vocab", json::object()},
          {"unk_token", std::move(unknown)},
          {"end_of_word_suffix", suffix}};
}

TokenizerDocument finish(TokenizerDocument document, AddedTokenList& tokens, const Fields& settings,
                         json components) {
  tokens.add_further(settings);
  components["added_tokens"] = tokens.take();
  document.settings = std::make_unique<json>(std::move(components));
  return document;
}

}  // namespace

TokenizerDocument gpt1_document(const FolderTokenizer& folder) {
  const Fields settings = folder.fields();
  TokenizerDocument document = read_document(folder);
  AddedTokenList tokens(settings, document.data.vocabulary);
  const RoleToken unknown = role_token(settings, "unk_token", {"<unk>"});
  if (document.data.vocabulary.id(unknown.content)) tokens.add(unknown);
  json components = {{"normalizer",
                      {{"type", "BertNormalizer"},
                       {"clean_text", true},
                       {"handle_chinese_chars", true},
                       {"strip_accents", json()},
                       {"lowercase", true}}},
                     {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
                     {"decoder", {{"type", "BPEDecoder"}, {"suffix", "</w>"}}},
                     {"model", bpe_model(unknown.content, "</w>")}};
  return finish(std::move(document), tokens, settings, std::move(components));
}

TokenizerDocument gpt2_document(const FolderTokenizer& folder) {
  const Fields settings = folder.fields();
  TokenizerDocument document = read_document(folder);
  AddedTokenList tokens(settings, document.data.vocabulary);
  const RoleToken usual{.content = kEndOfText, .normalized = true};
  const RoleToken start = role_token(settings, "bos_token", usual);
  tokens.add(start);
  tokens.add(role_token(settings, "eos_token", usual));
  tokens.add(role_token(settings, "unk_token", usual));
  tokens.add(role_token(settings, "pad_token", {.content = "", .normalized = true}));
  const bool space = settings.boolean("add_prefix_space", false);
  json components = {{"pre_tokenizer", byte_level_component(space, true)},
                     {"decoder", byte_level_component(true, true)},
                     {"model", bpe_model(json(), "")}};
  components["post_processor"] =
      settings.boolean("add_bos_token", false)
          ? template_component({{start.content, 0}, {"$A", 0}},
                               {{start.content, 0}, {"$A", 0}, {"$B", 1}}, tokens)
          : byte_level_component(true, false);
  return finish(std::move(document), tokens, settings, std::move(components));
}

TokenizerDocument roberta_document(const FolderTokenizer& folder) {
  const Fields settings = folder.fields();
  TokenizerDocument document = read_document(folder);
  AddedTokenList tokens(settings, document.data.vocabulary);
  const auto role = [&](const char* name, const char* usual) {
    const RoleToken token = role_token(settings, name, {.content = usual, .normalized = true});
    tokens.add(token);
    return token.content;
  };
  role("bos_token", "<s>");
  role("eos_token", "</s>");
  role("unk_token", "<unk>");
  const std::string separator = role("sep_token", "</s>");
  role("pad_token", "<pad>");
  const std::string start = role("cls_token", "<s>");
  tokens.add(role_token(settings, "mask_token", {.content = "<mask>", .lstrip = true}));
  const bool space = settings.boolean("add_prefix_space", false);
  json components = {{"pre_tokenizer", byte_level_component(space, true)},
                     {"decoder", byte_level_component(true, true)},
                     {"model", bpe_model(json(), "")},
                     {"post_processor",
                      {{"type", "RobertaProcessing"},
                       {"sep", json::array({separator, tokens.id(separator)})},
                       {"cls", json::array({start, tokens.id(start)})},
                       {"trim_offsets", settings.boolean("trim_offsets", true)},
                       {"add_prefix_space", space}}}};
  return finish(std::move(document), tokens, settings, std::move(components));
}

TokenizerDocument clip_document(const FolderTokenizer& folder) {
  constexpr std::size_t kMerges = 49152 - 256 - 2;
  const Fields settings = folder.fields();
  TokenizerDocument document = read_document(folder, kMerges);
  AddedTokenList tokens(settings, document.data.vocabulary);
  const auto role = [&](const char* name, const char* usual, bool normalized) {
    const RoleToken token =
        role_token(settings, name, {.content = usual, .normalized = normalized});
    tokens.add(token);
    return token.content;
  };
  const std::string start = role("bos_token", "<|startoftext|>", true);
  const std::string end = role("eos_token", kEndOfText, true);
  const std::string unknown = role("unk_token", kEndOfText, true);
  role("pad_token", kEndOfText, false);
  json components = {
      {"normalizer",
       sequence_component("normalizers", json::array({{{"type", "NFC"}},
                                                      replace_component("Regex", "\\s+", " "),
                                                      {{"type", "Lowercase"}}}))},
      {"pre_tokenizer",
       sequence_component(
           "pretokenizers",
           json::array({split_component("'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}"
                                        "\\p{N}]+",
                                        "Removed", true),
                        byte_level_component(false, true)}))},
      {"decoder", byte_level_component(true, true)},
      {"model", bpe_model(unknown, "</w>")},
      {"post_processor",
       {{"type", "RobertaProcessing"},
        {"sep", json::array({end, tokens.id(end)})},
        {"cls", json::array({start, tokens.id(start)})},
        {"trim_offsets", false},
        {"add_prefix_space", false}}}};
  return finish(std::move(document), tokens, settings, std::move(components));
}

TokenizerDocument qwen2_document(const FolderTokenizer& folder) {
  const Fields settings = folder.fields();
  TokenizerDocument document = read_document(folder);
  AddedTokenList tokens(settings, document.data.vocabulary);
  for (const char* role : {"eos_token", "unk_token", "pad_token"}) {
    tokens.add(role_token(settings, role, {kEndOfText}));
  }
  tokens.add(role_token(settings, "bos_token", {""}));
  json components = {
      {"normalizer", {{"type", "NFC"}}},
      {"pre_tokenizer",
       sequence_component(
           "pretokenizers",
           json::array(
               {split_component(kQwenPattern, "Isolated", false),
                byte_level_component(settings.boolean("add_prefix_space", false), true, false)}))},
      {"decoder", byte_level_component(true, true)},
      {"model", bpe_model(json(), "")},
      {"post_processor", byte_level_component(true, false)}};
  return finish(std::move(document), tokens, settings, std::move(components));
}

}  // namespace pellucid
