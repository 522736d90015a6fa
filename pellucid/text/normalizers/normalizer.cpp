// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/normalizers/normalizer.h"

#include "pellucid/text/characters.h"
#include "pellucid/text/component.h"

namespace pellucid {

std::unique_ptr<Normalizer> make_normalizer(const Fields& fields) {
  static constexpr Registration<Normalizer> kNormalizers[] = {
      {"BertNormalizer", make_bert_normalizer},
      {"Lowercase", make_lowercase},
      {"NFC", make_nfc},
      {"NFD", make_nfd},
      {"NFKC", make_nfkc},
      {"NFKD", make_nfkd},
      {"Sequence", make_normalizer_sequence},
      {"StripAccents", make_strip_accents},
  };
  return make_component(fields.string("type"), fields, kNormalizers);
}

void remove_characters(NormalizedText& text, int mask) {
  const CharacterTable& table = CharacterTable::instance();
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (table.has(text.characters[i], mask)) continue;
    text.characters[size] = text.characters[i];
    text.origins[size++] = text.origins[i];
  }
  text.characters.resize(size);
  text.origins.resize(size);
}

}  // namespace pellucid
