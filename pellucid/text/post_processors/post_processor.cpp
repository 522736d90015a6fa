// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/post_processors/post_processor.h"

#include "pellucid/text/component.h"

namespace pellucid {

std::unique_ptr<PostProcessor> make_post_processor(const Fields& fields) {
  static constexpr Registration<PostProcessor> kPostProcessors[] = {
      {"BertProcessing", make_bert_processing},
      {"Sequence", make_post_processor_sequence},
      {"TemplateProcessing", make_template_processing},
  };
  return make_component(fields.string("type"), fields, kPostProcessors);
}

Token special_token(std::int32_t id, std::string text, std::int32_t type, std::int32_t segment) {
  Token token;
  token.id = id;
  token.text = std::move(text);
  token.type = type;
  token.segment = segment;
  token.special = true;
  return token;
}

}  // namespace pellucid
