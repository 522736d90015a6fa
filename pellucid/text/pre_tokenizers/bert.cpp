// SPDX-License-Identifier: Apache-2.0
// BertPreTokenizer: cuts at white space, every punctuation mark is a piece of its own.
#include "pellucid/text/characters.h"
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"

namespace pellucid {
namespace {

class BertPreTokenizer : public PreTokenizer {
 public:
  void split(PreTokenized& parts) const override {
    const CharacterTable& table = CharacterTable::instance();
    split_by_character(parts, [&table](char32_t character) {
      if (!table.has(character, kWhiteSpace | kPunctuation)) return Cut::inside;
      return table.has(character, kWhiteSpace) ? Cut::dropped : Cut::alone;
    });
  }
};

}  // namespace

std::unique_ptr<PreTokenizer> make_bert_pre_tokenizer(const Fields&) {
  return std::make_unique<BertPreTokenizer>();
}

}  // namespace pellucid
