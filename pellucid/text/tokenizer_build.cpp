// SPDX-License-Identifier: Apache-2.0
// From the settings of a tokenizer.json to its components.
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/tokenizer_impl.h"

namespace pellucid {
namespace {

EncodeOptions read_truncation(const Fields& fields) {
  EncodeOptions options;
  options.max_length = fields.integer("max_length");
  if (*options.max_length < 0) fields.fail_field("max_length", "0 or more");
  options.stride = fields.integer("stride");
  if (options.stride < 0) fields.fail_field("stride", "0 or more");
  options.truncation = static_cast<Truncation>(
      fields.choice("strategy", {"LongestFirst", "OnlyFirst", "OnlySecond"}));
  if (fields.has("direction")) {
    options.side = static_cast<TruncationSide>(fields.choice("direction", {"Right", "Left"}));
  }
  return options;
}

/// So that no file makes a batch of any size.
void check_length(std::int64_t length, const Fields& fields, std::string_view name) {
  constexpr std::int64_t kLongest = 1 << 24;
  if (length < 0 || length > kLongest) fields.fail_field(name, "a length of 0 to 16777216");
}

Padding read_padding(const Fields& fields) {
  Padding padding;
  if (fields.value("strategy").is_object()) {
    padding.length = fields.object("strategy").integer("Fixed");
    check_length(*padding.length, fields, "strategy");
  } else {
    fields.choice("strategy", {"BatchLongest"});
  }
  padding.left = fields.choice("direction", {"Right", "Left"}) == 1;
  padding.multiple_of = fields.optional_integer("pad_to_multiple_of");
  check_length(padding.multiple_of.value_or(0), fields, "pad_to_multiple_of");
  padding.id = checked_id(fields.integer("pad_id"), fields.place(), "pad_id");
  padding.type = checked_id(fields.integer("pad_type_id"), fields.place(), "pad_type_id");
  padding.token = fields.string("pad_token");
  return padding;
}

/// A token may stand in both lists, but then with one id; two tokens never share one.
void check_ids(const AddedTokens& added, const Vocabulary& vocabulary, const std::string& place) {
  for (const AddedToken& token : added.tokens()) {
    const auto id = vocabulary.id(token.content);
    if (id && *id != token.id) {
      fail("{}: the added token {} has the id {}, in the vocabulary {}", place,
           quote(token.content), token.id, *id);
    }
    const auto other = vocabulary.token(token.id);
    if (other && *other != token.content) {
      fail("{}: the added token {} has the id {} of {} in the vocabulary", place,
           quote(token.content), token.id, quote(*other));
    }
  }
}

template <class Make>
auto make_optional(const Fields& root, std::string_view name, const Make& make) {
  const std::optional<Fields> fields = root.optional_object(name);
  return fields ? make(*fields) : nullptr;
}

}  // namespace

Tokenizer::Impl::Impl(TokenizerDocument document) {
  // Places read "FILE: normalizer.normalizers[0]", so the root is not "FILE" with a dot behind it.
  const Fields root(*document.settings, document.name + ":");
  normalizer = make_optional(root, "normalizer", make_normalizer);
  pre_tokenizer = make_optional(root, "pre_tokenizer", make_pre_tokenizer);
  model = make_model(root.object("model"), std::move(document.data));
  post_processor = make_optional(root, "post_processor", make_post_processor);
  decoder = make_optional(root, "decoder", make_decoder);
  if (root.has("added_tokens")) added = AddedTokens(root.objects("added_tokens"));
  check_ids(added, model->vocabulary(), document.name);
  added.build(normalizer.get());
  if (root.has("truncation")) truncation = read_truncation(root.object("truncation"));
  if (root.has("padding")) padding = read_padding(root.object("padding"));
}

}  // namespace pellucid
