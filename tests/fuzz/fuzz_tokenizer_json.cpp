// SPDX-License-Identifier: Apache-2.0
// Any bytes as tokenizer.json: an Error of one line, or a tokenizer that encodes and decodes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = pellucid::Tokenizer::from_json(bytes);
    const pellucid::EncodeOptions options{.max_length = 8, .stride = 1};
    const auto encoding =
        tokenizer.encode("Hello wörld, 中文 [MASK]  ok\u0301!", "a second text", options);
    for (const auto& token : encoding.tokens) {
      if (token.span.start < 0 || token.span.end < token.span.start) std::abort();
    }
    tokenizer.decode(encoding.ids(), false);
  } catch (const pellucid::Error& error) {
    if (std::strchr(error.what(), '\n') != nullptr || std::strlen(error.what()) > 4000)
      std::abort();
  }
  return 0;
}
