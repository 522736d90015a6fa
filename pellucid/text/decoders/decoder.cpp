// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/decoders/decoder.h"

#include "pellucid/text/component.h"
#include "pellucid/text/unicode.h"

namespace pellucid {

std::unique_ptr<Decoder> make_decoder(const Fields& fields) {
  static constexpr Registration<Decoder> kDecoders[] = {
      {"BPEDecoder", make_bpe_decoder},
      {"ByteFallback", make_byte_fallback},
      {"ByteLevel", make_byte_level_decoder},
      {"CTC", make_ctc},
      {"Fuse", make_fuse},
      {"Metaspace", make_metaspace_decoder},
      {"Replace", make_replace_decoder},
      {"Sequence", make_decoder_sequence},
      {"Strip", make_strip_decoder},
      {"WordPiece", make_wordpiece_decoder},
  };
  return make_component(fields.string("type"), fields, kDecoders);
}

std::string replace_string(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  if (from.empty()) {
    for (const char32_t character : decode_utf8(text, "token")) {
      result += to;
      append_utf8(result, character);
    }
    return result.append(to);
  }
  for (std::size_t at = 0; (at = text.find(from)) != std::string_view::npos;) {
    result.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return result.append(text);
}

}  // namespace pellucid
