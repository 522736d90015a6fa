// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"

#include "pellucid/text/component.h"

namespace pellucid {

std::unique_ptr<PreTokenizer> make_pre_tokenizer(const Fields& fields) {
  static constexpr Registration<PreTokenizer> kPreTokenizers[] = {
      {"BertPreTokenizer", make_bert_pre_tokenizer},
      {"Sequence", make_pre_tokenizer_sequence},
      {"Whitespace", make_whitespace},
      {"WhitespaceSplit", make_whitespace_split},
  };
  return make_component(fields.string("type"), fields, kPreTokenizers);
}

}  // namespace pellucid
