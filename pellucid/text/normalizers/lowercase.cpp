// SPDX-License-Identifier: Apache-2.0
// Lowercase: every character by itself (no final sigma).
#include <algorithm>

#include "pellucid/text/characters.h"
#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {
namespace {

class Lowercase : public Normalizer {
 public:
  void normalize(NormalizedText& text) const override { lowercase(text); }
};

/// Puts the combining dot after every U+0130, the only character whose lower case is two.
void insert_combining_dots(NormalizedText& text) {
  NormalizedText result;
  result.start = text.start;
  result.reserve(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    result.push_back(text.characters[i], text.origins[i]);
    if (text.characters[i] == kDottedCapitalI) result.push_back(kCombiningDot, text.origins[i]);
  }
  text = std::move(result);
}

}  // namespace

void lowercase(NormalizedText& text) {
  if (text.characters.find(kDottedCapitalI) != std::u32string::npos) insert_combining_dots(text);
  std::transform(text.characters.begin(), text.characters.end(), text.characters.begin(), to_lower);
}

std::unique_ptr<Normalizer> make_lowercase(const Fields&) { return std::make_unique<Lowercase>(); }

}  // namespace pellucid
