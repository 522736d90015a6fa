// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/decoders/decoder.h"

#include "pellucid/text/component.h"

namespace pellucid {

std::unique_ptr<Decoder> make_decoder(const Fields& fields) {
  static constexpr Registration<Decoder> kDecoders[] = {
      {"Sequence", make_decoder_sequence},
      {"WordPiece", make_wordpiece_decoder},
  };
  return make_component(fields.string("type"), fields, kDecoders);
}

}  // namespace pellucid
