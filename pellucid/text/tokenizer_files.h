// SPDX-License-Identifier: Apache-2.0
// The files of a tokenizer: tokenizer.json, or older ones from which the same settings are made.
#pragma once

#include <filesystem>
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

}  // namespace pellucid
