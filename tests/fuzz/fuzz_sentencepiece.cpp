// SPDX-License-Identifier: Apache-2.0
// Any bytes as a SentencePiece model or tiktoken ranks, through every class that reads one: an
// Error of one line, or a tokenizer that encodes and decodes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/text/files/folder.h"
#include "pellucid/text/tokenizer.h"
#include "pellucid/text/tokenizer_impl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pellucid;
  static const nlohmann::json settings = {{"extra_ids", 2}};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto make : {albert_document, deberta_document, llama_document, t5_document,
                          xlm_roberta_document, xlnet_document, llama3_document, qwen_document}) {
    try {
      const FolderTokenizer folder{"fuzz.model", bytes, {}, settings};
      const Tokenizer tokenizer(std::make_shared<const Tokenizer::Impl>(make(folder)));
      const auto encoding = tokenizer.encode("Hello wörld, 中文 <extra_id_0>  ok\u0301!");
      for (const auto& token : encoding.tokens) {
        if (token.span.start < 0 || token.span.end < token.span.start) std::abort();
      }
      tokenizer.decode(encoding.ids(), false);
    } catch (const Error& error) {
      if (std::strchr(error.what(), '\n') != nullptr) std::abort();
    }
  }
  return 0;
}
