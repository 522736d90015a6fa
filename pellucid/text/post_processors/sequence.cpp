// SPDX-License-Identifier: Apache-2.0
// Sequence: post-processors one after the other.
#include "pellucid/text/post_processors/post_processor.h"

namespace pellucid {
namespace {

class PostProcessorSequence : public PostProcessor {
 public:
  explicit PostProcessorSequence(const Fields& fields) {
    for (const Fields& part : fields.objects("processors")) {
      processors_.push_back(make_post_processor(part));
    }
  }

  std::int64_t added(bool pair) const override {
    std::int64_t sum = 0;
    for (const auto& processor : processors_) sum += processor->added(pair);
    return sum;
  }
  void process(Parts& parts, bool special_tokens) const override {
    for (const auto& processor : processors_) processor->process(parts, special_tokens);
  }

 private:
  std::vector<std::unique_ptr<PostProcessor>> processors_;
};

}  // namespace

std::unique_ptr<PostProcessor> make_post_processor_sequence(const Fields& fields) {
  return std::make_unique<PostProcessorSequence>(fields);
}

}  // namespace pellucid
