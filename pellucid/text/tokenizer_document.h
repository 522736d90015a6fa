// SPDX-License-Identifier: Apache-2.0
// What a tokenizer file says: the settings as JSON and, apart from them, vocabulary and merges,
// which are most of the file and go from the parser into their tables without a JSON value for each
// token.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "pellucid/text/model_data.h"

namespace pellucid {

struct TokenizerDocument {
  std::string name;                          ///< of the file, for messages
  std::unique_ptr<nlohmann::json> settings;  ///< model.vocab and model.merges are empty
  ModelData data;

  TokenizerDocument();
  TokenizerDocument(TokenizerDocument&&) noexcept;
  TokenizerDocument& operator=(TokenizerDocument&&) noexcept;
  ~TokenizerDocument();
};

/// Parses a tokenizer.json. Refuses what is not JSON, nesting deeper than 100, a key that occurs
/// twice in an object, and ids that are no whole numbers in [0, 2^31) or occur twice.
TokenizerDocument parse_tokenizer_json(std::string_view bytes, std::string name);

/// Parses a vocab.json: an object of tokens and ids, under the same limits.
Vocabulary read_vocabulary_json(std::string_view bytes, const std::string& name);

/// Parses any other JSON file of a tokenizer folder under the same limits.
nlohmann::json parse_tokenizer_config(std::string_view bytes, const std::string& name);

}  // namespace pellucid
