// SPDX-License-Identifier: Apache-2.0
// The files of a tokenizer: tokenizer.json, or older ones from which the same settings are made.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pellucid/text/tokenizer_document.h"

namespace pellucid {

/// What tokenizer_config.json and special_tokens_map.json add to the tokenizer.
struct TokenizerConfig {
  std::vector<std::pair<std::string, std::string>> named_tokens;  ///< role ("pad_token") and token
  std::optional<std::int64_t> model_max_length;
};

struct TokenizerFiles {
  TokenizerDocument document;
  TokenizerConfig config;
};

/// path: a folder or one file. Throws Error naming what was looked for.
TokenizerFiles read_tokenizer_files(const std::filesystem::path& path);

/// The pipeline of BERT for a vocab.txt (one token a line, id = line number, of equal lines the
/// last counts). config: tokenizer_config.json (do_lower_case, strip_accents,
/// tokenize_chinese_chars, names of special tokens).
TokenizerDocument bert_document(std::string_view vocabulary, std::string name,
                                const nlohmann::json& config);

}  // namespace pellucid
