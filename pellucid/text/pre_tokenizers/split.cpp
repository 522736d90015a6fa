// SPDX-License-Identifier: Apache-2.0
// Split: cuts at the matches of a pattern, or (inverted) at what is between them.
#include "pellucid/text/pattern.h"
#include "pellucid/text/pre_tokenizers/found.h"

namespace pellucid {
namespace {

class Split : public PreTokenizer {
 public:
  explicit Split(const Fields& fields)
      : pattern_(fields), behavior_(read_behavior(fields)), invert_(fields.boolean("invert")) {}

  void split(PreTokenized& parts) const override {
    split_by(parts, behavior_, [this](std::u32string_view text, std::vector<Found>& found) {
      pattern_.find(text, found);
      for (Found& part : found) part.is_match = part.is_match != invert_;
    });
  }

 private:
  Pattern pattern_;
  Behavior behavior_;
  bool invert_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_split(const Fields& fields) {
  return std::make_unique<Split>(fields);
}

}  // namespace pellucid
