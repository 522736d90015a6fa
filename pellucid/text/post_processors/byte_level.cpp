// SPDX-License-Identifier: Apache-2.0
// ByteLevel: takes the spaces at the ends of tokens out of their spans. RobertaProcessing: the
// same, then <s> A </s> and </s> B </s>, all of type 0.
#include <algorithm>

#include "pellucid/text/byte_characters.h"
#include "pellucid/text/characters.h"
#include "pellucid/text/post_processors/post_processor.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

bool is_space(char32_t character) {
  return character == kByteSpace || CharacterTable::instance().has(character, kWhiteSpace);
}

void trim_span(Token& token, bool first, bool added_space) {
  const std::u32string text = decode_utf8(token.text, "token");
  const auto is_no_space = [](char32_t character) { return !is_space(character); };
  auto leading = std::find_if(text.begin(), text.end(), is_no_space) - text.begin();
  const auto trailing = std::find_if(text.rbegin(), text.rend(), is_no_space) - text.rbegin();
  Span& span = token.span;
  if (leading == 1 && added_space && (first || span.start == 0)) leading = 0;
  span.start = std::min(span.start + leading, span.end);
  if (trailing > 0 && span.end >= trailing) span.end = std::max(span.end - trailing, span.start);
}

class ByteLevelProcessing : public PostProcessor {
 public:
  explicit ByteLevelProcessing(const Fields& fields)
      : added_space_(fields.boolean("add_prefix_space")), trim_(fields.boolean("trim_offsets")) {
    fields.boolean("use_regex", true);
  }

  std::int64_t added(bool) const override { return 0; }
  void process(Parts& parts, bool) const override {
    if (trim_) trim_spans(parts, added_space_);
  }

 private:
  bool added_space_;
  bool trim_;
};

class RobertaProcessing : public PostProcessor {
 public:
  explicit RobertaProcessing(const Fields& fields)
      : separator_(read_named_id(fields, "sep")),
        start_(read_named_id(fields, "cls")),
        trim_(fields.boolean("trim_offsets")),
        added_space_(fields.boolean("add_prefix_space")) {}

  std::int64_t added(bool pair) const override { return pair ? 4 : 2; }

  void process(Parts& parts, bool special_tokens) const override {
    if (trim_) trim_spans(parts, added_space_);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (Token& token : parts[i][0]) token.type = 0;
      if (!special_tokens) continue;
      const NamedId& before = i == 0 ? start_ : separator_;
      const auto segment = static_cast<std::int32_t>(i);
      for (std::vector<Token>& window : parts[i]) {
        for (Token& token : window) token.type = 0, token.special = false;
        window.insert(window.begin(), special_token(before.id, before.text, 0, segment));
        window.push_back(special_token(separator_.id, separator_.text, 0, segment));
      }
    }
  }

 private:
  NamedId separator_;
  NamedId start_;
  bool trim_;
  bool added_space_;
};

}  // namespace

void trim_spans(Parts& parts, bool added_space) {
  for (Windows& windows : parts) {
    for (std::vector<Token>& window : windows) {
      for (std::size_t i = 0; i < window.size(); ++i) trim_span(window[i], i == 0, added_space);
    }
  }
}

std::unique_ptr<PostProcessor> make_byte_level_post_processor(const Fields& fields) {
  return std::make_unique<ByteLevelProcessing>(fields);
}
std::unique_ptr<PostProcessor> make_roberta_processing(const Fields& fields) {
  return std::make_unique<RobertaProcessing>(fields);
}

}  // namespace pellucid
