// SPDX-License-Identifier: Apache-2.0
// BertNormalizer: clean text, put spaces around Chinese characters, strip accents, lower-case; in
// this order.
#include <algorithm>

#include "pellucid/text/characters.h"
#include "pellucid/text/normalization.h"
#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {
namespace {

void clean(NormalizedText& text) {
  remove_characters(text, kRemoved);
  const CharacterTable& table = CharacterTable::instance();
  for (char32_t& character : text.characters) {
    if (table.has(character, kSpaced)) character = U' ';
  }
}

/// The spaces have the origin of the character.
void space_chinese(NormalizedText& text) {
  const CharacterTable& table = CharacterTable::instance();
  const auto is_chinese = [&table](char32_t c) { return c >= 0x3400 && table.has(c, kChinese); };
  const auto count = std::count_if(text.characters.begin(), text.characters.end(), is_chinese);
  if (count == 0) return;
  NormalizedText result;
  result.start = text.start;
  result.reserve(text.size() + 2 * static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool spaced = is_chinese(text.characters[i]);
    if (spaced) result.push_back(U' ', text.origins[i]);
    result.push_back(text.characters[i], text.origins[i]);
    if (spaced) result.push_back(U' ', text.origins[i]);
  }
  text = std::move(result);
}

void strip_accents(NormalizedText& text) {
  normalize(NormalForm::nfd, text);
  remove_characters(text, kNonspacing);
}

class BertNormalizer : public Normalizer {
 public:
  explicit BertNormalizer(const Fields& fields)
      : clean_text_(fields.boolean("clean_text")),
        chinese_(fields.boolean("handle_chinese_chars")),
        lowercase_(fields.boolean("lowercase")),
        strip_accents_(fields.boolean("strip_accents", lowercase_)) {}

  void normalize(NormalizedText& text) const override {
    if (clean_text_) clean(text);
    if (chinese_) space_chinese(text);
    if (strip_accents_) strip_accents(text);
    if (lowercase_) lowercase(text);
  }

 private:
  bool clean_text_;
  bool chinese_;
  bool lowercase_;
  bool strip_accents_;  // null in the file: as lowercase
};

}  // namespace

std::unique_ptr<Normalizer> make_bert_normalizer(const Fields& fields) {
  return std::make_unique<BertNormalizer>(fields);
}

}  // namespace pellucid
