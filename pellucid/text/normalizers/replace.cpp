// SPDX-License-Identifier: Apache-2.0
// Replace: every match of a pattern becomes the content, which is literal. The new characters have
// the origin of the last replaced one; without one, of the one before.
#include <algorithm>

#include "pellucid/text/normalizers/normalizer.h"
#include "pellucid/text/pattern.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

class ReplaceNormalizer : public Normalizer {
 public:
  explicit ReplaceNormalizer(const Fields& fields)
      : pattern_(fields), content_(decode_utf8(fields.string("content"), fields.place())) {}

  void normalize(NormalizedText& text) const override {
    std::vector<Found> found;
    pattern_.find(text.characters, found);
    const auto is_match = [](const Found& part) { return part.is_match; };
    if (std::none_of(found.begin(), found.end(), is_match)) return;
    NormalizedText result;
    result.start = text.start;
    result.reserve(text.size());
    for (const Found& part : found) {
      if (!part.is_match) {
        result.append(text, part.begin, part.end);
        continue;
      }
      result.characters += content_;
      result.origins.insert(result.origins.end(), content_.size(), text.origin_before(part.end));
    }
    text = std::move(result);
  }

 private:
  Pattern pattern_;
  std::u32string content_;
};

}  // namespace

std::unique_ptr<Normalizer> make_replace_normalizer(const Fields& fields) {
  return std::make_unique<ReplaceNormalizer>(fields);
}

}  // namespace pellucid
