// SPDX-License-Identifier: Apache-2.0
// Decoders turn tokens back into text; the components are in the files beside this one, one line
// each in decoder.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/fields.h"

namespace pellucid {

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Strings that, joined, are the text.
  virtual std::vector<std::string> decode(std::vector<std::string> tokens) const = 0;
};

std::unique_ptr<Decoder> make_decoder(const Fields& fields);

// Factories of the components, by file.
std::unique_ptr<Decoder> make_byte_level_decoder(const Fields& fields);
std::unique_ptr<Decoder> make_byte_fallback(const Fields& fields);
std::unique_ptr<Decoder> make_metaspace_decoder(const Fields& fields);
std::unique_ptr<Decoder> make_strip_decoder(const Fields& fields);
std::unique_ptr<Decoder> make_replace_decoder(const Fields& fields);
std::unique_ptr<Decoder> make_fuse(const Fields& fields);
std::unique_ptr<Decoder> make_decoder_sequence(const Fields& fields);
std::unique_ptr<Decoder> make_wordpiece_decoder(const Fields& fields);
std::unique_ptr<Decoder> make_bpe_decoder(const Fields& fields);
std::unique_ptr<Decoder> make_ctc(const Fields& fields);

/// Every `from` becomes `to`; an empty `from` stands before every character and at the end.
std::string replace_string(std::string_view text, std::string_view from, std::string_view to);

}  // namespace pellucid
