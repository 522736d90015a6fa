// SPDX-License-Identifier: Apache-2.0
// Which token has which role: padding, unknown, mask, start, separator, end.
#include <array>

#include "pellucid/text/tokenizer_impl.h"

namespace pellucid {
namespace {

/// Names that the families of models use, most usual first.
struct Role {
  std::string_view field;
  std::optional<std::int32_t> SpecialTokens::*id;
  std::array<std::string_view, 4> usual;
};

constexpr std::array<Role, 6> kRoles = {{
    {"pad_token", &SpecialTokens::pad, {"[PAD]", "<pad>", "<|pad|>", "<|padding|>"}},
    {"unk_token", &SpecialTokens::unk, {"[UNK]", "<unk>", "", ""}},
    {"mask_token", &SpecialTokens::mask, {"[MASK]", "<mask>", "", ""}},
    {"cls_token", &SpecialTokens::cls, {"[CLS]", "<cls>", "<s>", ""}},
    {"sep_token", &SpecialTokens::sep, {"[SEP]", "<sep>", "</s>", ""}},
    {"eos_token", &SpecialTokens::eos, {"</s>", "<|endoftext|>", "<|end_of_text|>", "<eos>"}},
}};

}  // namespace

SpecialTokens find_special_tokens(const Tokenizer::Impl& tokenizer,
                                  const std::vector<std::pair<std::string, std::string>>& named) {
  SpecialTokens result;
  for (const Role& role : kRoles) {
    std::optional<std::int32_t>& id = result.*role.id;
    for (const auto& [field, token] : named) {
      if (!id && field == role.field) id = tokenizer.id(token);
    }
    if (!id && role.id == &SpecialTokens::unk && tokenizer.model->unknown_token()) {
      id = tokenizer.id(*tokenizer.model->unknown_token());
    }
    for (const std::string_view usual : role.usual) {
      if (!id && !usual.empty()) id = tokenizer.id(usual);
    }
  }
  return result;
}

}  // namespace pellucid
