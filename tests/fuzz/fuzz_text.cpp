// SPDX-License-Identifier: Apache-2.0
// Any bytes as a text: an error for what is no UTF-8; else every token and every word has its place
// in the text, in order.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/text/tokenizer.h"
#include "pellucid/text/unicode.h"
#include "pellucid/text/units.h"

namespace {

constexpr std::string_view kTokenizer = R"({
  "version": "1.0", "truncation": null, "padding": null,
  "added_tokens": [
    {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
     "special": true},
    {"id": 4, "content": "[MASK]", "single_word": false, "lstrip": true, "rstrip": false, "normalized": false,
     "special": true}],
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
                 "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
  "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5, "##a": 6, "b": 7, "##b": 8,
                      ".": 9, "the": 10}}})";

void check_places(const pellucid::Encoding& encoding, std::int64_t length) {
  std::int64_t start = 0;
  for (const pellucid::Token& token : encoding.tokens) {
    if (token.special) continue;
    if (token.span.start < start || token.span.end < token.span.start || token.span.end > length)
      std::abort();
    start = token.span.start;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto tokenizer = pellucid::Tokenizer::from_json(kTokenizer, "tokenizer.json");
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto length = static_cast<std::int64_t>(pellucid::decode_utf8(text).size());
    const pellucid::Encoding encoding = tokenizer.encode(text);
    check_places(encoding, length);
    for (const auto unit :
         {pellucid::Unit::word, pellucid::Unit::sentence, pellucid::Unit::token}) {
      std::int64_t end = 0;
      for (const pellucid::TextUnit& found :
           pellucid::make_units(unit, encoding, text, nullptr).units) {
        if (!found.span) continue;
        if (found.span->start < end && unit != pellucid::Unit::token) std::abort();
        end = found.span->end;
        if (end > length) std::abort();
      }
    }
  } catch (const pellucid::Error&) {
    // no UTF-8
  }
  return 0;
}
