// SPDX-License-Identifier: Apache-2.0
// ByteLevel: every byte of UTF-8 becomes one character, with the origin of the character it is of.
#include "pellucid/text/byte_characters.h"
#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {
namespace {

class ByteLevelNormalizer : public Normalizer {
 public:
  void normalize(NormalizedText& text) const override {
    NormalizedText result;
    result.start = text.start;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      const Utf8 utf8 = utf8_of(text.characters[i]);
      for (std::size_t k = 0; k < utf8.size; ++k) {
        result.push_back(kByteCharacters[utf8.bytes[k]], text.origins[i]);
      }
    }
    text = std::move(result);
  }
};

}  // namespace

std::unique_ptr<Normalizer> make_byte_level_normalizer(const Fields&) {
  return std::make_unique<ByteLevelNormalizer>();
}

}  // namespace pellucid
