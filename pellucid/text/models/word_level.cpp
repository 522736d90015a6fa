// SPDX-License-Identifier: Apache-2.0
// WordLevel: a piece is one token of the vocabulary, or the unknown token.
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/models/model.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

class WordLevel : public TokenModel {
 public:
  WordLevel(const Fields& fields, ModelData data)
      : TokenModel(std::move(data.vocabulary)),
        place_(fields.place()),
        unknown_(fields.string("unk_token")),
        unknown_id_(this->vocabulary().id(unknown_)) {}

  void tokenize(std::u32string_view piece, std::vector<ModelToken>& tokens) const override {
    const std::string word = encode_utf8(piece);
    std::optional<std::int32_t> id = vocabulary().id(word);
    if (!id) id = unknown_id_;
    if (!id) {
      fail("{}: unk_token {} is not in the vocabulary, but {} needs it", place_, quote(unknown_),
           quote(encode_utf8(piece)));
    }
    tokens.push_back({*id, 0, static_cast<std::int32_t>(piece.size())});
  }

  std::string kind() const override { return "WordLevel"; }
  std::optional<std::string> unknown_token() const override { return unknown_; }

 private:
  std::string place_;
  std::string unknown_;
  std::optional<std::int32_t> unknown_id_;
};

}  // namespace

std::unique_ptr<TokenModel> make_word_level(const Fields& fields, ModelData data) {
  return std::make_unique<WordLevel>(fields, std::move(data));
}

}  // namespace pellucid
