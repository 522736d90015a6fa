// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/models/model.h"

#include <nlohmann/json.hpp>

#include "pellucid/text/component.h"

namespace pellucid {
namespace {

/// Old files leave "type" out: the fields tell the models apart.
std::string type_of(const Fields& fields) {
  if (fields.has("type")) return fields.string("type");
  if (fields.has("merges")) return "BPE";
  if (fields.has("max_input_chars_per_word")) return "WordPiece";
  return fields.value("vocab").is_array() ? "Unigram" : "WordLevel";
}

}  // namespace

std::unique_ptr<TokenModel> make_model(const Fields& fields, ModelData data) {
  static constexpr Registration<TokenModel, ModelData> kModels[] = {
      {"BPE", make_bpe},
      {"Unigram", make_unigram},
      {"WordLevel", make_word_level},
      {"WordPiece", make_wordpiece},
  };
  const std::string type = type_of(fields);
  if (type == "Unigram") {
    if (!fields.value("vocab").is_array()) fields.fail_field("vocab", "an array of pairs");
  } else if (!fields.value("vocab").is_object()) {
    fields.fail_field("vocab", "an object of tokens and ids");
  }
  return make_component(type, fields, kModels, std::move(data));
}

std::string byte_token(unsigned char byte) { return fmt::format("<0x{:02X}>", byte); }

}  // namespace pellucid
