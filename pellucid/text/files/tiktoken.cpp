// SPDX-License-Identifier: Apache-2.0
// tiktoken ranks: lines of a token's bytes in base64 and its rank, which is its id. Pattern and
// special tokens are not in the file but published with the models: LLaMA 3, Qwen.
#include <algorithm>
#include <charconv>

#include "pellucid/base/error.h"
#include "pellucid/text/base64.h"
#include "pellucid/text/byte_characters.h"
#include "pellucid/text/files/folder.h"
#include "pellucid/text/files/implied_merges.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

using nlohmann::json;

constexpr const char* kLlama3Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+"
    "[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

TokenizerDocument read_ranks(const FolderTokenizer& folder) {
  TokenizerDocument document;
  document.name = folder.name;
  std::string token;
  std::size_t number = 0;
  for (std::string_view rest = folder.bytes; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t space = std::min(line.find(' '), line.size());
    const auto bytes = decode_base64(line.substr(0, space));
    std::int64_t rank = -1;
    const std::string_view digits = line.substr(std::min(space + 1, line.size()));
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
    check(bytes && !bytes->empty() && parsed.ec == std::errc{} &&
              parsed.ptr == digits.data() + digits.size(),
          "{}: line {}: expected a token in base64 and its rank", folder.name, number);
    token.clear();
    for (const char byte : *bytes) {
      append_utf8(token, kByteCharacters[static_cast<unsigned char>(byte)]);
    }
    document.data.vocabulary.add(token, checked_id(rank, folder.name, "rank"));
  }
  document.data.vocabulary.build(folder.name);
  document.data.merges = merges_by_rank(document.data.vocabulary);
  return document;
}

json rank_model(bool ignore_merges) {
  return {{"type", "BPE"}, {"vocab", json::object()}, {"ignore_merges", ignore_merges}};
}

json pattern_pre_tokenizer(const char* pattern) {
  return sequence_component("pretokenizers",
                            json::array({split_component(pattern, "Isolated", false),
                                         byte_level_component(false, true, false)}));
}

std::vector<std::string> llama3_tokens() {
  constexpr int kReserved = 251;
  std::vector<std::string> tokens{"<|begin_of_text|>", "<|end_of_text|>"};
  for (int i = 0; i < kReserved; ++i) {
    tokens.push_back("<|reserved_special_token_" + std::to_string(i) + "|>");
    if (i == 3) tokens.insert(tokens.end(), {"<|start_header_id|>", "<|end_header_id|>"});
    if (i == 4) tokens.emplace_back("<|eot_id|>");
  }
  return tokens;
}

}  // namespace

TokenizerDocument llama3_document(const FolderTokenizer& folder) {
  const Fields settings = folder.fields();
  TokenizerDocument document = read_ranks(folder);
  AddedTokenList tokens(settings, document.data.vocabulary);
  for (const std::string& content : llama3_tokens()) tokens.add({content});
  const RoleToken start = role_token(settings, "bos_token", {"<|begin_of_text|>"});
  tokens.add(start);
  tokens.add(role_token(settings, "eos_token", {"<|end_of_text|>"}));
  tokens.add_further(settings);
  json components = {{"pre_tokenizer", pattern_pre_tokenizer(kLlama3Pattern)},
                     {"decoder", byte_level_component(true, true)},
                     {"model", rank_model(true)}};
  components["post_processor"] = sequence_component(
      "processors",
      json::array({byte_level_component(true, true),
                   template_component(
                       {{start.content, 0}, {"$A", 0}},
                       {{start.content, 0}, {"$A", 0}, {start.content, 1}, {"$B", 1}}, tokens)}));
  components["added_tokens"] = tokens.take();
  document.settings = std::make_unique<json>(std::move(components));
  return document;
}

TokenizerDocument qwen_document(const FolderTokenizer& folder) {
  const Fields settings = folder.fields();
  TokenizerDocument document = read_ranks(folder);
  AddedTokenList tokens(settings, document.data.vocabulary);
  for (const char* content : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) tokens.add({content});
  tokens.add_further(settings);
  json components = {{"normalizer", {{"type", "NFC"}}},
                     {"pre_tokenizer", pattern_pre_tokenizer(kQwenPattern)},
                     {"decoder", byte_level_component(true, true)},
                     {"model", rank_model(false)},
                     {"post_processor", byte_level_component(true, false)}};
  components["added_tokens"] = tokens.take();
  document.settings = std::make_unique<json>(std::move(components));
  return document;
}

}  // namespace pellucid
