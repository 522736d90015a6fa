// SPDX-License-Identifier: Apache-2.0
// Models turn one piece of text into tokens of the vocabulary; one file per component beside this
// one, one line each in model.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/fields.h"
#include "pellucid/text/model_data.h"

namespace pellucid {

/// A token with the characters [begin, end) of the piece.
struct ModelToken {
  std::int32_t id = 0;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  bool literal =
      false;  ///< its text is that of the piece, not the vocabulary's (unknown tokens of Unigram)
};

class TokenModel {
 public:
  explicit TokenModel(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  virtual ~TokenModel() = default;

  /// Appends the tokens of the piece.
  virtual void tokenize(std::u32string_view piece, std::vector<ModelToken>& tokens) const = 0;
  virtual std::string kind() const = 0;
  virtual std::optional<std::string> unknown_token() const = 0;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
};

/// data: what the file has under "vocab" and "merges".
std::unique_ptr<TokenModel> make_model(const Fields& fields, ModelData data);

// Factories of the components, by file.
std::unique_ptr<TokenModel> make_bpe(const Fields& fields, ModelData data);
std::unique_ptr<TokenModel> make_unigram(const Fields& fields, ModelData data);
std::unique_ptr<TokenModel> make_word_level(const Fields& fields, ModelData data);
std::unique_ptr<TokenModel> make_wordpiece(const Fields& fields, ModelData data);

/// "<0xE4>", the token of a byte in models that fall back to bytes.
std::string byte_token(unsigned char byte);

}  // namespace pellucid
