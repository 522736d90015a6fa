// SPDX-License-Identifier: Apache-2.0
// Post-processors put special tokens around one text or a pair and give token types; one file per
// component beside this one, one line each in post_processor.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"
#include "pellucid/text/fields.h"

namespace pellucid {

/// The windows that truncation made of one text: the one that stays, then the others.
using Windows = std::vector<std::vector<Token>>;
/// One text or two. A template leaves more: one part for each of its places. In the end every
/// window of a part is joined with every window of the next.
using Parts = std::vector<Windows>;

class PostProcessor {
 public:
  virtual ~PostProcessor() = default;
  /// Number of tokens that process() adds.
  virtual std::int64_t added(bool pair) const = 0;
  /// special_tokens: false leaves out the tokens, not the types.
  virtual void process(Parts& parts, bool special_tokens) const = 0;
};

std::unique_ptr<PostProcessor> make_post_processor(const Fields& fields);

// Factories of the components, by file.
std::unique_ptr<PostProcessor> make_bert_processing(const Fields& fields);
std::unique_ptr<PostProcessor> make_byte_level_post_processor(const Fields& fields);
std::unique_ptr<PostProcessor> make_post_processor_sequence(const Fields& fields);
std::unique_ptr<PostProcessor> make_roberta_processing(const Fields& fields);
std::unique_ptr<PostProcessor> make_template_processing(const Fields& fields);

struct NamedId {
  std::string text;
  std::int32_t id = 0;
};
/// A field of the form ["[SEP]", 102].
NamedId read_named_id(const Fields& fields, std::string_view name);

/// Takes white space at the ends of byte-level tokens out of their spans. added_space: the first
/// token's only space was put there by the pre-tokenizer and is no part of the text.
void trim_spans(Parts& parts, bool added_space);

/// A token of a template.
Token special_token(std::int32_t id, std::string text, std::int32_t type, std::int32_t segment);

}  // namespace pellucid
