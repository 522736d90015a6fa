// SPDX-License-Identifier: Apache-2.0
// Prepend: puts a string before the text, with the origin of its first character. An empty text
// stays empty.
#include "pellucid/text/normalizers/normalizer.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

class Prepend : public Normalizer {
 public:
  explicit Prepend(const Fields& fields)
      : prefix_(decode_utf8(fields.string("prepend"), fields.place())) {}
  void normalize(NormalizedText& text) const override { text.prepend(prefix_); }

 private:
  std::u32string prefix_;
};

}  // namespace

std::unique_ptr<Normalizer> make_prepend(const Fields& fields) {
  return std::make_unique<Prepend>(fields);
}

}  // namespace pellucid
