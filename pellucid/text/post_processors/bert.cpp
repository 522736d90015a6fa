// SPDX-License-Identifier: Apache-2.0
// BertProcessing: [CLS] A [SEP], and B [SEP] with type 1.
#include "pellucid/text/post_processors/post_processor.h"

namespace pellucid {
namespace {

class BertProcessing : public PostProcessor {
 public:
  explicit BertProcessing(const Fields& fields)
      : separator_(read_named_id(fields, "sep")), start_(read_named_id(fields, "cls")) {}

  std::int64_t added(bool pair) const override { return pair ? 3 : 2; }

  void process(Parts& parts, bool special_tokens) const override {
    if (!special_tokens) return;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto type = static_cast<std::int32_t>(i == 0 ? 0 : 1);
      for (std::vector<Token>& window : parts[i]) {
        for (Token& token : window) token.special = false;
        if (i == 0) window.insert(window.begin(), special_token(start_.id, start_.text, 0, 0));
        window.push_back(special_token(separator_.id, separator_.text, type, type));
      }
    }
  }

 private:
  NamedId separator_;
  NamedId start_;
};

}  // namespace

std::unique_ptr<PostProcessor> make_bert_processing(const Fields& fields) {
  return std::make_unique<BertProcessing>(fields);
}

}  // namespace pellucid
