// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/encode.h"

#include <algorithm>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

Encoding encode(const Model& model, const Item& item, const EncodeOptions& options) {
  return item.pair ? model.tokenizer().encode(item.text, *item.pair, options)
                   : model.tokenizer().encode(item.text, options);
}

std::int64_t content_tokens(const Encoding& encoding) {
  return std::count_if(encoding.tokens.begin(), encoding.tokens.end(),
                       [](const Token& token) { return !token.special; });
}

}  // namespace

std::int64_t length_limit(const Model& model, std::optional<std::int64_t> max_length) {
  const std::int64_t most = model.max_length();
  if (!max_length) return most;
  check_usage(*max_length <= most, "max-length {}: the model takes at most {} tokens", *max_length,
              most);
  const auto least = static_cast<std::int64_t>(model.tokenizer().encode("").tokens.size()) + 1;
  check_usage(*max_length >= least,
              "max-length {}: expected at least {}, for special tokens and one of text",
              *max_length, least);
  return *max_length;
}

Encoding encode_whole(const Model& model, const Item& item) { return encode(model, item, {}); }

Encoding encode_item(const Model& model, const Item& item, LongText long_text,
                     std::optional<std::int64_t> max_length, std::vector<std::string>& warnings) {
  const std::int64_t limit = length_limit(model, max_length);
  Encoding whole = encode_whole(model, item);
  const auto size = static_cast<std::int64_t>(whole.tokens.size());
  if (size <= limit) return whole;
  check(long_text != LongText::error, "the text has {} tokens, expected at most {}", size, limit);
  EncodeOptions options;
  options.max_length = limit;
  options.overflowing = false;
  Encoding cut = encode(model, item, options);
  cut.truncated = content_tokens(whole) - content_tokens(cut);
  warnings.push_back(
      fmt::format("text too long: the first {} of its {} tokens are used, {} are cut",
                  content_tokens(cut), content_tokens(whole), cut.truncated));
  return cut;
}

Sequence make_sequence(const Model& model, const Encoding& encoding) {
  const NetworkShape& shape = model.network().shape();
  Sequence sequence;
  sequence.ids = encoding.ids();
  if (shape.types > 0) sequence.types = encoding.types();
  check(!sequence.ids.empty(), "the text has no tokens, and the tokenizer adds none");
  for (std::size_t i = 0; i < sequence.ids.size(); ++i) {
    const std::int64_t id = sequence.ids[i];
    check(id >= 0 && id < shape.vocabulary,
          "token {} at position {} has id {}, but the model has {} embeddings",
          quote(encoding.tokens[i].text), i, id, shape.vocabulary);
    if (sequence.types.empty()) continue;
    check(sequence.types[i] < shape.types,
          "token {} at position {} has token type {}, but the model has {}",
          quote(encoding.tokens[i].text), i, sequence.types[i], shape.types);
  }
  return sequence;
}

}  // namespace pellucid
