// SPDX-License-Identifier: Apache-2.0
// Decoders turn tokens back into text; one file per component beside this one, one line each in
// decoder.cpp.
#pragma once

#include <memory>
#include <string>
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
std::unique_ptr<Decoder> make_decoder_sequence(const Fields& fields);
std::unique_ptr<Decoder> make_wordpiece_decoder(const Fields& fields);

}  // namespace pellucid
