// SPDX-License-Identifier: Apache-2.0
// WordPiece: from the left always the longest token of the vocabulary, inside a word with a prefix
// ("##"). A word that cannot be cut whole, or is too long, is one unknown token.
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/models/model.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

class WordPiece : public TokenModel {
 public:
  WordPiece(const Fields& fields, ModelData data)
      : TokenModel(std::move(data.vocabulary)),
        place_(fields.place()),
        unknown_(fields.string("unk_token")),
        prefix_(fields.string("continuing_subword_prefix")),
        longest_word_(fields.integer("max_input_chars_per_word")),
        unknown_id_(this->vocabulary().id(unknown_)) {
    if (longest_word_ < 0) fields.fail_field("max_input_chars_per_word", "0 or more");
  }

  void tokenize(std::u32string_view piece, std::vector<ModelToken>& tokens) const override {
    const std::size_t before = tokens.size();
    const auto length = static_cast<std::int64_t>(piece.size());
    if (length <= longest_word_ && cut(encode_utf8(piece), piece.size(), tokens)) return;
    tokens.resize(before);
    if (!unknown_id_) {
      fail("{}: unk_token {} is not in the vocabulary, but {} needs it", place_, quote(unknown_),
           quote(encode_utf8(piece)));
    }
    tokens.push_back({*unknown_id_, 0, static_cast<std::int32_t>(length)});
  }

  std::string kind() const override { return "WordPiece"; }
  std::optional<std::string> unknown_token() const override { return unknown_; }

 private:
  /// False if some rest of the word begins with no token.
  bool cut(std::string_view word, std::size_t characters, std::vector<ModelToken>& tokens) const {
    const bool ascii = word.size() == characters;
    std::int32_t begin = 0;
    for (std::string_view rest = word; !rest.empty();) {
      const bool first = rest.size() == word.size();
      const auto match =
          vocabulary().longest_match(first ? std::string_view{} : std::string_view(prefix_), rest);
      if (!match) return false;
      const std::int64_t size = ascii ? static_cast<std::int64_t>(match->length)
                                      : count_characters(rest.substr(0, match->length));
      tokens.push_back({match->id, begin, begin + static_cast<std::int32_t>(size)});
      begin = tokens.back().end;
      rest.remove_prefix(match->length);
    }
    return true;
  }

  std::string place_;
  std::string unknown_;
  std::string prefix_;
  std::int64_t longest_word_;  // in characters
  std::optional<std::int32_t> unknown_id_;
};

}  // namespace

std::unique_ptr<TokenModel> make_wordpiece(const Fields& fields, ModelData data) {
  return std::make_unique<WordPiece>(fields, std::move(data));
}

}  // namespace pellucid
