// SPDX-License-Identifier: Apache-2.0
// StripAccents: removes marks; characters that hold one (U+00E9) need NFD before.
#include "pellucid/text/characters.h"
#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {
namespace {

class StripAccents : public Normalizer {
 public:
  void normalize(NormalizedText& text) const override { remove_characters(text, kMark); }
};

}  // namespace

std::unique_ptr<Normalizer> make_strip_accents(const Fields&) {
  return std::make_unique<StripAccents>();
}

}  // namespace pellucid
