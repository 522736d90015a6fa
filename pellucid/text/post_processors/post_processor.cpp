// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/post_processors/post_processor.h"

#include <nlohmann/json.hpp>

#include "pellucid/text/component.h"

namespace pellucid {

std::unique_ptr<PostProcessor> make_post_processor(const Fields& fields) {
  static constexpr Registration<PostProcessor> kPostProcessors[] = {
      {"BertProcessing", make_bert_processing},
      {"ByteLevel", make_byte_level_post_processor},
      {"RobertaProcessing", make_roberta_processing},
      {"Sequence", make_post_processor_sequence},
      {"TemplateProcessing", make_template_processing},
  };
  return make_component(fields.string("type"), fields, kPostProcessors);
}

NamedId read_named_id(const Fields& fields, std::string_view name) {
  const nlohmann::json& value = fields.value(name);
  if (!value.is_array() || value.size() != 2 || !value[0].is_string() ||
      !value[1].is_number_integer()) {
    fields.fail_field(name, "an array of a token and its id");
  }
  return {value[0].get<std::string>(),
          checked_id(value[1].get<std::int64_t>(), fields.place(), name)};
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
