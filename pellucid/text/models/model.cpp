// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/models/model.h"

#include "pellucid/text/component.h"

namespace pellucid {
namespace {

/// Old files leave "type" out: the fields tell the models apart.
std::string type_of(const Fields& fields) {
  if (fields.has("type")) return fields.string("type");
  if (fields.has("merges")) return "BPE";
  if (fields.has("max_input_chars_per_word")) return "WordPiece";
  if (fields.has("unk_id")) return "Unigram";
  return "WordLevel";
}

}  // namespace

std::unique_ptr<TokenModel> make_model(const Fields& fields, Vocabulary vocabulary) {
  static constexpr Registration<TokenModel, Vocabulary> kModels[] = {
      {"WordLevel", make_word_level},
      {"WordPiece", make_wordpiece},
  };
  return make_component(type_of(fields), fields, kModels, std::move(vocabulary));
}

}  // namespace pellucid
