// SPDX-License-Identifier: Apache-2.0
// A folder without tokenizer.json: from its vocabulary and settings the document that its
// tokenizer.json would be. One function for each class of tokenizers (transformers'
// convert_slow_tokenizer.py has the same pipelines).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pellucid/text/fields.h"
#include "pellucid/text/tokenizer_document.h"

namespace pellucid {

struct FolderTokenizer {
  std::string name;         ///< of the vocabulary's file, for messages
  std::string_view bytes;   ///< of the vocabulary's file
  std::string_view merges;  ///< of merges.txt, if the class has one
  /// tokenizer_config.json, special_tokens_map.json and added_tokens.json in one object.
  const nlohmann::json& settings;

  Fields fields() const { return Fields(settings, name + ": tokenizer_config.json:"); }
};

TokenizerDocument bert_document(const FolderTokenizer& folder);         // vocab.txt
TokenizerDocument gpt1_document(const FolderTokenizer& folder);         // vocab.json, merges.txt
TokenizerDocument gpt2_document(const FolderTokenizer& folder);         // idem
TokenizerDocument roberta_document(const FolderTokenizer& folder);      // idem
TokenizerDocument clip_document(const FolderTokenizer& folder);         // idem
TokenizerDocument qwen2_document(const FolderTokenizer& folder);        // idem
TokenizerDocument albert_document(const FolderTokenizer& folder);       // SentencePiece
TokenizerDocument deberta_document(const FolderTokenizer& folder);      // idem
TokenizerDocument llama_document(const FolderTokenizer& folder);        // idem
TokenizerDocument t5_document(const FolderTokenizer& folder);           // idem
TokenizerDocument xlm_roberta_document(const FolderTokenizer& folder);  // idem
TokenizerDocument xlnet_document(const FolderTokenizer& folder);        // idem
TokenizerDocument llama3_document(const FolderTokenizer& folder);       // tiktoken ranks
TokenizerDocument qwen_document(const FolderTokenizer& folder);         // idem

/// How Qwen cuts text: words with the character before them, single digits, marks, white space.
inline constexpr const char* kQwenPattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/// A special token as a class has it, unless the settings say otherwise.
struct RoleToken {
  std::string content;
  bool lstrip = false;
  bool normalized = false;
  bool rstrip = false;
  bool single_word = false;
};

/// The token that the settings give for "mask_token" and the like, or the class's own.
RoleToken role_token(const Fields& settings, std::string_view role, RoleToken otherwise);

/// The list "added_tokens". The first entry of a content counts.
class AddedTokenList {
 public:
  /// Begins with what the settings list. The vocabulary must outlive the list.
  AddedTokenList(const Fields& settings, const Vocabulary& vocabulary);

  /// Its id is that of the vocabulary, else the next free one.
  void add(const RoleToken& token, bool special = true);
  /// "additional_special_tokens" of the settings, else these.
  void add_further(const Fields& settings, const std::vector<std::string>& otherwise = {});

  std::int64_t id(std::string_view content) const;  ///< Error if there is no such token
  nlohmann::json take();

 private:
  void put(const RoleToken& token, bool special, std::optional<std::int64_t> id);
  const nlohmann::json* find(std::string_view content) const;

  std::string place_;
  const Vocabulary& vocabulary_;
  nlohmann::json tokens_ = nlohmann::json::array();
  std::map<std::string, std::size_t, std::less<>> places_;  // by content
  std::int64_t next_;
};

/// Parts of a template: a token or "$A", "$B", each with its type.
using TemplateParts = std::vector<std::pair<std::string, int>>;

// Components as a tokenizer.json has them.
nlohmann::json template_component(const TemplateParts& single, const TemplateParts& pair,
                                  const AddedTokenList& tokens);
nlohmann::json sequence_component(const char* field, nlohmann::json parts);
nlohmann::json byte_level_component(bool add_prefix_space, bool trim_offsets,
                                    bool use_regex = true);
nlohmann::json metaspace_component(const char* prepend_scheme, bool split = true);
nlohmann::json split_component(const char* pattern, const char* behavior, bool invert);
nlohmann::json replace_component(const char* kind, const char* pattern, const char* content);

}  // namespace pellucid
