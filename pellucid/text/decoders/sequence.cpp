// SPDX-License-Identifier: Apache-2.0
// Sequence: decoders one after the other.
#include "pellucid/text/decoders/decoder.h"

namespace pellucid {
namespace {

class DecoderSequence : public Decoder {
 public:
  explicit DecoderSequence(const Fields& fields) {
    for (const Fields& part : fields.objects("decoders")) parts_.push_back(make_decoder(part));
  }
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    for (const auto& part : parts_) tokens = part->decode(std::move(tokens));
    return tokens;
  }

 private:
  std::vector<std::unique_ptr<Decoder>> parts_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder_sequence(const Fields& fields) {
  return std::make_unique<DecoderSequence>(fields);
}

}  // namespace pellucid
