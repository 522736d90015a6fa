// SPDX-License-Identifier: Apache-2.0
// Decoders of words. WordPiece: tokens with the prefix join the one before, others get a space.
// BPEDecoder: the suffix ends a word. CTC: of equal neighbours one stays, padding goes, a delimiter
// is a space. Clean-up takes away the spaces before punctuation and English contractions, within
// each token.
#include <algorithm>
#include <array>
#include <utility>

#include "pellucid/text/decoders/decoder.h"

namespace pellucid {
namespace {

std::string clean_up(std::string text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRules = {
      {{" .", "."},
       {" ?", "?"},
       {" !", "!"},
       {" ,", ","},
       {" ' ", "'"},
       {" n't", "n't"},
       {" 'm", "'m"},
       {" do not", " don't"},
       {" 's", "'s"},
       {" 've", "'ve"},
       {" 're", "'re"}}};
  if (text.find(' ') == std::string::npos) return text;
  for (const auto& [from, to] : kRules) text = replace_string(text, from, to);
  return text;
}

class WordPieceDecoder : public Decoder {
 public:
  explicit WordPieceDecoder(const Fields& fields)
      : prefix_(fields.string("prefix")), cleanup_(fields.boolean("cleanup")) {}

  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0 && tokens[i].compare(0, prefix_.size(), prefix_) == 0) {
        tokens[i].erase(0, prefix_.size());
      } else if (i > 0) {
        tokens[i].insert(0, 1, ' ');
      }
      if (cleanup_) tokens[i] = clean_up(std::move(tokens[i]));
    }
    return tokens;
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

class BpeDecoder : public Decoder {
 public:
  explicit BpeDecoder(const Fields& fields) : suffix_(fields.string("suffix")) {}

  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = replace_string(tokens[i], suffix_, i + 1 == tokens.size() ? "" : " ");
    }
    return tokens;
  }

 private:
  std::string suffix_;
};

class Ctc : public Decoder {
 public:
  explicit Ctc(const Fields& fields)
      : pad_(fields.string("pad_token")),
        delimiter_(fields.string("word_delimiter_token")),
        cleanup_(fields.boolean("cleanup")) {}

  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    for (std::string& token : tokens) {
      token = replace_string(token, pad_, "");
      if (cleanup_) token = replace_string(clean_up(std::move(token)), delimiter_, " ");
    }
    std::erase(tokens, std::string());
    return tokens;
  }

 private:
  std::string pad_;
  std::string delimiter_;
  bool cleanup_;
};

}  // namespace

std::unique_ptr<Decoder> make_wordpiece_decoder(const Fields& fields) {
  return std::make_unique<WordPieceDecoder>(fields);
}
std::unique_ptr<Decoder> make_bpe_decoder(const Fields& fields) {
  return std::make_unique<BpeDecoder>(fields);
}
std::unique_ptr<Decoder> make_ctc(const Fields& fields) { return std::make_unique<Ctc>(fields); }

}  // namespace pellucid
