// SPDX-License-Identifier: Apache-2.0
// Strip: takes white space away at the ends.
#include "pellucid/text/characters.h"
#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {
namespace {

class StripNormalizer : public Normalizer {
 public:
  explicit StripNormalizer(const Fields& fields)
      : left_(fields.boolean("strip_left")), right_(fields.boolean("strip_right")) {}

  void normalize(NormalizedText& text) const override {
    const CharacterTable& table = CharacterTable::instance();
    std::size_t end = text.size();
    while (right_ && end > 0 && table.has(text.characters[end - 1], kWhiteSpace)) --end;
    std::size_t begin = 0;
    while (left_ && begin < end && table.has(text.characters[begin], kWhiteSpace)) ++begin;
    text.resize(end);
    text.characters.erase(0, begin);
    text.origins.erase(text.origins.begin(),
                       text.origins.begin() + static_cast<std::ptrdiff_t>(begin));
  }

 private:
  bool left_;
  bool right_;
};

}  // namespace

std::unique_ptr<Normalizer> make_strip_normalizer(const Fields& fields) {
  return std::make_unique<StripNormalizer>(fields);
}

}  // namespace pellucid
