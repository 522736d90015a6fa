// SPDX-License-Identifier: Apache-2.0
// From text to tokens: added tokens in the raw text, normalizer, added tokens in the normalized text, pre-tokenizer, model;
// then truncation and template.
#include "pellucid/text/tokenizer_impl.h"

#include <algorithm>
#include <limits>

#include "pellucid/base/error.h"
#include "pellucid/text/truncation.h"
#include "pellucid/text/unicode.h"

namespace pellucid {

/// Where the tokens of one text go.
struct Tokenizer::Impl::Output {
  std::vector<Token> tokens;
  std::int32_t segment = 0;
  std::int32_t words = 0;               // so far
  std::vector<ModelToken> scratch = {};  // of one piece

  Token& append(std::int32_t id, std::string text, Span span) {
    Token& token = tokens.emplace_back();
    token.id = id;
    token.text = std::move(text);
    token.span = span;
    token.word = words;
    token.type = segment;
    token.segment = segment;
    return token;
  }
};

void Tokenizer::Impl::tokenize_pieces(const PreTokenized& parts, Output& output) const {
  const std::u32string_view characters = parts.text.characters;
  for (const Piece& piece : parts.pieces) {
    if (piece.end <= piece.begin) continue;
    const auto slice = characters.substr(piece.begin, piece.end - piece.begin);
    output.scratch.clear();
    model->tokenize(slice, output.scratch);
    for (const ModelToken& token : output.scratch) {
      const auto begin = static_cast<std::size_t>(token.begin);
      const auto end = static_cast<std::size_t>(token.end);
      output.append(token.id,
                    token.literal ? encode_utf8(slice.substr(begin, end - begin))
                                  : std::string(model->vocabulary().token(token.id).value()),
                    parts.text.span(piece.begin + begin, piece.begin + end));
    }
    ++output.words;
  }
}

void Tokenizer::Impl::tokenize_stretch(NormalizedText text, Output& output,
                                       bool special_in_text) const {
  if (normalizer) normalizer->normalize(text);
  const std::vector<Stretch> stretches = added.split_normalized(text.characters, special_in_text);
  for (const Stretch& stretch : stretches) {
    const std::u32string_view characters = text.characters;
    if (stretch.token) {
      output.append(stretch.token->id,
                    encode_utf8(characters.substr(stretch.begin, stretch.end - stretch.begin)),
                    text.span(stretch.begin, stretch.end));
      ++output.words;
      continue;
    }
    NormalizedText part;
    if (stretches.size() == 1) {
      part = std::move(text);
    } else {
      part.append(text, stretch.begin, stretch.end);
    }
    PreTokenized parts(std::move(part));
    if (pre_tokenizer) pre_tokenizer->split(parts);
    tokenize_pieces(parts, output);
  }
}

std::vector<Token> Tokenizer::Impl::tokenize(std::string_view text, std::string_view what,
                                             std::int32_t segment,
                                             const EncodeOptions& options) const {
  check(text.size() < static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
        "{} has {} bytes, expected less than 2 GiB", what, text.size());
  const std::u32string characters = decode_utf8(text, what);
  const std::u32string_view view = characters;
  Output output;
  output.segment = segment;
  output.tokens.reserve(text.size() / 4);
  for (const Stretch& stretch : added.split_raw(view, options.special_in_text)) {
    const auto slice = view.substr(stretch.begin, stretch.end - stretch.begin);
    const auto begin = static_cast<std::int64_t>(stretch.begin);
    if (stretch.token) {
      output.append(stretch.token->id, encode_utf8(slice),
                    {begin, static_cast<std::int64_t>(stretch.end)});
      ++output.words;
    } else {
      tokenize_stretch(NormalizedText(slice, begin), output, options.special_in_text);
    }
  }
  return std::move(output.tokens);
}

std::vector<Token> Tokenizer::Impl::tokenize_words(const std::vector<std::string>& words,
                                                   std::int32_t segment,
                                                   const EncodeOptions& options) const {
  std::vector<Token> result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::vector<Token> tokens = tokenize(words[i], "word", segment, options);
    for (Token& token : tokens) {
      token.word = static_cast<std::int32_t>(i);
      result.push_back(std::move(token));
    }
  }
  return result;
}

namespace {

std::vector<Token> slice(const std::vector<Token>& tokens, const Window& window) {
  return {tokens.begin() + window.begin, tokens.begin() + window.end};
}

Encoding finish(TokenLists lists, const PostProcessor* post_processor, bool special_tokens) {
  if (post_processor) post_processor->process(lists, special_tokens);
  Encoding encoding;
  encoding.tokens = std::move(lists[0]);
  for (std::size_t i = 1; i < lists.size(); ++i) {
    encoding.tokens.insert(encoding.tokens.end(), std::make_move_iterator(lists[i].begin()),
                           std::make_move_iterator(lists[i].end()));
  }
  return encoding;
}

}  // namespace

Encoding Tokenizer::Impl::assemble(TokenLists texts, const EncodeOptions& options) const {
  const bool is_pair = texts.size() == 2;
  const auto size_of = [&](std::size_t i) { return static_cast<std::int64_t>(texts[i].size()); };
  const std::int64_t total = size_of(0) + (is_pair ? size_of(1) : 0);
  const std::int64_t added_count =
      options.special_tokens && post_processor ? post_processor->added(is_pair) : 0;
  const std::int64_t room = options.max_length.value_or(total + added_count) - added_count;
  if (room < 0 || total <= room) {
    return finish(std::move(texts), post_processor.get(), options.special_tokens);
  }
  const auto kept = kept_tokens(size_of(0), is_pair ? size_of(1) : -1, room, options.truncation);
  const auto first = windows(size_of(0), kept.first, options.stride, options.side);
  const auto second = is_pair ? windows(size_of(1), kept.second, options.stride, options.side)
                              : std::vector<Window>{};
  const auto window = [&](std::size_t i, std::size_t j) {
    TokenLists lists{slice(texts[0], first[i])};
    if (is_pair) lists.push_back(slice(texts[1], second[j]));
    return finish(std::move(lists), post_processor.get(), options.special_tokens);
  };
  Encoding encoding = window(0, 0);
  encoding.truncated = total - kept.first - (is_pair ? kept.second : 0);
  if (!options.overflowing) return encoding;
  // Each further window of the first text with every window of the second, then the first with the further ones.
  for (std::size_t i = 1; i <= first.size(); ++i) {
    const std::size_t row = i % first.size();
    for (std::size_t j = row == 0 ? 1 : 0; j < std::max<std::size_t>(second.size(), 1); ++j) {
      encoding.overflowing.push_back(window(row, j));
    }
  }
  return encoding;
}

}  // namespace pellucid
