// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"

#include "pellucid/text/component.h"

namespace pellucid {

std::unique_ptr<PreTokenizer> make_pre_tokenizer(const Fields& fields) {
  static constexpr Registration<PreTokenizer> kPreTokenizers[] = {
      {"BertPreTokenizer", make_bert_pre_tokenizer},
      {"ByteLevel", make_byte_level_pre_tokenizer},
      {"CharDelimiterSplit", make_char_delimiter_split},
      {"Digits", make_digits},
      {"FixedLength", make_fixed_length},
      {"Metaspace", make_metaspace},
      {"Punctuation", make_punctuation},
      {"Sequence", make_pre_tokenizer_sequence},
      {"Split", make_split},
      {"UnicodeScripts", make_unicode_scripts},
      {"Whitespace", make_whitespace},
      {"WhitespaceSplit", make_whitespace_split},
  };
  return make_component(fields.string("type"), fields, kPreTokenizers);
}

}  // namespace pellucid
