// SPDX-License-Identifier: Apache-2.0
// Sequence: normalizers one after the other.
#include <vector>

#include "pellucid/text/normalizers/normalizer.h"

namespace pellucid {
namespace {

class NormalizerSequence : public Normalizer {
 public:
  explicit NormalizerSequence(const Fields& fields) {
    for (const Fields& part : fields.objects("normalizers"))
      parts_.push_back(make_normalizer(part));
  }
  void normalize(NormalizedText& text) const override {
    for (const auto& part : parts_) part->normalize(text);
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> parts_;
};

}  // namespace

std::unique_ptr<Normalizer> make_normalizer_sequence(const Fields& fields) {
  return std::make_unique<NormalizerSequence>(fields);
}

}  // namespace pellucid
