// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/normalizers/normalizer.h"

#include "pellucid/text/characters.h"
#include "pellucid/text/component.h"

namespace pellucid {

std::unique_ptr<Normalizer> make_normalizer(const Fields& fields) {
  static constexpr Registration<Normalizer> kNormalizers[] = {
      {"BertNormalizer", make_bert_normalizer},
      {"ByteLevel", make_byte_level_normalizer},
      {"Lowercase", make_lowercase},
      {"NFC", make_nfc},
      {"NFD", make_nfd},
      {"NFKC", make_nfkc},
      {"NFKD", make_nfkd},
      {"Nmt", make_nmt},
      {"Precompiled", make_precompiled},
      {"Prepend", make_prepend},
      {"Replace", make_replace_normalizer},
      {"Sequence", make_normalizer_sequence},
      {"Strip", make_strip_normalizer},
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
  text.resize(size);
}

}  // namespace pellucid
