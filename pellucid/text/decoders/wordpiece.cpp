// SPDX-License-Identifier: Apache-2.0
// WordPiece: tokens with the prefix join the one before, others get a space; clean-up takes away
// the spaces before punctuation and English contractions, within each token.
#include <array>
#include <utility>

#include "pellucid/text/decoders/decoder.h"

namespace pellucid {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

void clean_up(std::string& text) {
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
  if (text.find(' ') == std::string::npos) return;
  for (const auto& [from, to] : kRules) replace_all(text, from, to);
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
      if (cleanup_) clean_up(tokens[i]);
    }
    return tokens;
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

}  // namespace

std::unique_ptr<Decoder> make_wordpiece_decoder(const Fields& fields) {
  return std::make_unique<WordPieceDecoder>(fields);
}

}  // namespace pellucid
