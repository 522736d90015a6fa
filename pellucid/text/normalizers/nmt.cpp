// SPDX-License-Identifier: Apache-2.0
// Nmt: takes control characters away and makes separators and invisible characters spaces.
#include <array>

#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {
namespace {

struct CharacterRange {
  char32_t first;
  char32_t last;
};
constexpr std::array<CharacterRange, 6> kTakenAway = {
    {{0x1, 0x8}, {0xB, 0xB}, {0xE, 0x1F}, {0x7F, 0x7F}, {0x8F, 0x8F}, {0x9F, 0x9F}}};
constexpr std::array<CharacterRange, 8> kMadeSpace = {{{0x9, 0xA},
                                                       {0xC, 0xD},
                                                       {0x1680, 0x1680},
                                                       {0x200B, 0x200F},
                                                       {0x2028, 0x2029},
                                                       {0x2581, 0x2581},
                                                       {0xFEFF, 0xFEFF},
                                                       {0xFFFD, 0xFFFD}}};

template <std::size_t kCount>
bool is_in(const std::array<CharacterRange, kCount>& ranges, char32_t character) {
  for (const CharacterRange& range : ranges) {
    if (character >= range.first && character <= range.last) return true;
  }
  return false;
}

class Nmt : public Normalizer {
 public:
  void normalize(NormalizedText& text) const override {
    std::size_t size = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char32_t character = text.characters[i];
      if (is_in(kTakenAway, character)) continue;
      text.characters[size] = is_in(kMadeSpace, character) ? U' ' : character;
      text.origins[size++] = text.origins[i];
    }
    text.resize(size);
  }
};

}  // namespace

std::unique_ptr<Normalizer> make_nmt(const Fields&) { return std::make_unique<Nmt>(); }

}  // namespace pellucid
