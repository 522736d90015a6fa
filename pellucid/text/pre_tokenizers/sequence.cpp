// SPDX-License-Identifier: Apache-2.0
// Sequence: each pre-tokenizer cuts the pieces of the one before.
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"

namespace pellucid {
namespace {

class PreTokenizerSequence : public PreTokenizer {
 public:
  explicit PreTokenizerSequence(const Fields& fields) {
    for (const Fields& part : fields.objects("pretokenizers")) {
      parts_.push_back(make_pre_tokenizer(part));
    }
  }
  void split(PreTokenized& parts) const override {
    for (const auto& part : parts_) part->split(parts);
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> parts_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_pre_tokenizer_sequence(const Fields& fields) {
  return std::make_unique<PreTokenizerSequence>(fields);
}

}  // namespace pellucid
