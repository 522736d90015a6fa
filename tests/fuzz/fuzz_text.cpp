// SPDX-License-Identifier: Apache-2.0
// Any bytes as text: refused as UTF-8, or tokens with ordered spans inside the text and units that
// hold every token once.
#include <cstddef>
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
  "added_tokens": [{"id": 3, "content": "[MASK]", "special": true, "normalized": false,
                    "lstrip": true, "rstrip": true},
                   {"id": 4, "content": "ab", "special": false, "normalized": true,
                    "single_word": true}],
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                 "strip_accents": null, "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 5, "##a": 6, "b": 7, "##b": 8,
                      "e": 9, "##e": 10, "!": 11}}})";

void check_units(pellucid::Unit kind, const pellucid::Encoding& encoding, std::string_view text) {
  const auto units = pellucid::make_units(kind, encoding, text, nullptr);
  const std::int64_t characters = pellucid::count_characters(text);
  std::int64_t end = 0;
  std::size_t held = 0;
  for (const auto& unit : units.units) {
    if (!unit.span || unit.span->start < end || unit.span->end > characters) std::abort();
    end = unit.span->end;
    held += unit.tokens.size();
  }
  std::size_t assigned = 0;
  for (const auto& unit : units.unit_of_token(static_cast<std::int64_t>(encoding.tokens.size()))) {
    if (unit) ++assigned;
  }
  if (held != assigned) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto tokenizer = pellucid::Tokenizer::from_json(kTokenizer);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto encoding = tokenizer.encode(text);
    const std::int64_t characters = pellucid::count_characters(text);
    for (const auto& token : encoding.tokens) {
      if (token.span.end < token.span.start || token.span.end > characters) std::abort();
    }
    for (const auto kind : {pellucid::Unit::word, pellucid::Unit::sentence, pellucid::Unit::phrase,
                            pellucid::Unit::paragraph, pellucid::Unit::tokenizer_word}) {
      check_units(kind, encoding, text);
    }
    tokenizer.encode(text, pellucid::EncodeOptions{.max_length = 5, .stride = 1});
  } catch (const pellucid::Error&) {
  }
  return 0;
}
