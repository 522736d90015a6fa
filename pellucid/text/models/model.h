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
#include "pellucid/text/vocabulary.h"

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

/// The vocabulary is that of the file's "vocab" object; empty if that is something else.
std::unique_ptr<TokenModel> make_model(const Fields& fields, Vocabulary vocabulary);

// Factories of the components, by file.
std::unique_ptr<TokenModel> make_word_level(const Fields& fields, Vocabulary vocabulary);
std::unique_ptr<TokenModel> make_wordpiece(const Fields& fields, Vocabulary vocabulary);

}  // namespace pellucid
