// SPDX-License-Identifier: Apache-2.0
// Any bytes as a tokenizer.json: an error, or a tokenizer that encodes and decodes without harm.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kText =
      "I don't [MASK] caf\xC3\xA9 \xE4\xB8\xAD\xE6\x96\x87 a\xCC\x81 !!";
  try {
    const auto tokenizer = pellucid::Tokenizer::from_json(
        std::string_view(reinterpret_cast<const char*>(data), size), "tokenizer.json");
    const auto encoding = tokenizer.encode(kText, "b c", {.max_length = 8});
    for (const pellucid::Token& token : encoding.tokens) {
      if (token.span.start > token.span.end || token.id < 0) std::abort();
    }
    tokenizer.decode(encoding.ids());
  } catch (const pellucid::Error&) {
    // refused: as good as read
  }
  return 0;
}
