// SPDX-License-Identifier: Apache-2.0
// From text to tokens: added tokens in the raw text, normalizer, added tokens in the normalized
// text, pre-tokenizer, model; then truncation and template.
#include "pellucid/text/tokenizer_impl.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "pellucid/base/error.h"
#include "pellucid/text/truncation.h"
#include "pellucid/text/unicode.h"

namespace pellucid {

/// Where the tokens of one text go.
struct Tokenizer::Impl::Output {
  std::vector<Token> tokens;
  std::int32_t segment = 0;
  std::int32_t words = 0;                // so far
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
      part.start = text.origins[stretch.begin].start;
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

/// The library's own limit, checked even where nothing must be cut: the room for one text.
void check_stride(const EncodeOptions& options, const PostProcessor* post_processor) {
  const std::int64_t added = post_processor ? post_processor->added(false) : 0;
  const std::int64_t room = options.max_length.value_or(-1) - added;
  check_usage(room < 0 || options.stride <= room,
              "stride is {}, expected less than {} (max_length {} without {} special tokens)",
              options.stride, room, options.max_length.value_or(0), added);
}

Windows cut(const std::vector<Token>& tokens, std::int64_t kept, const EncodeOptions& options) {
  Windows result;
  for (const TokenRange& window :
       windows(static_cast<std::int64_t>(tokens.size()), kept, options.stride, options.side)) {
    result.emplace_back(tokens.begin() + window.begin, tokens.begin() + window.end);
    if (!options.overflowing) break;
  }
  return result;
}

/// Replaces each text by its windows; gives the number of tokens that do not stay.
std::int64_t truncate(Parts& parts, std::int64_t room, const EncodeOptions& options) {
  const auto size_of = [&parts](std::size_t i) {
    return i < parts.size() ? static_cast<std::int64_t>(parts[i][0].size()) : -1;
  };
  const std::int64_t total = size_of(0) + std::max<std::int64_t>(size_of(1), 0);
  if (total <= room) return 0;
  const auto kept = kept_tokens(size_of(0), size_of(1), room, options.truncation);
  parts[0] = cut(parts[0][0], kept.first, options);
  if (parts.size() == 2) parts[1] = cut(parts[1][0], kept.second, options);
  return total - kept.first - std::max<std::int64_t>(kept.second, 0);
}

void append(std::vector<Token>& tokens, const std::vector<Token>& more) {
  tokens.insert(tokens.end(), more.begin(), more.end());
}

/// The longer one stays where it is: a long text is not copied for the sake of its template.
void concatenate(std::vector<Token>& left, std::vector<Token>&& right) {
  const bool keeps_left = left.size() >= right.size();
  std::vector<Token>& kept = keeps_left ? left : right;
  std::vector<Token>& moved = keeps_left ? right : left;
  kept.insert(keeps_left ? kept.end() : kept.begin(), std::make_move_iterator(moved.begin()),
              std::make_move_iterator(moved.end()));
  if (!keeps_left) left = std::move(right);
}

/// Each further window of the left part with every window of the right one, then the first left one
/// with the further right ones.
void join(Windows& left, Windows right) {
  if (left.size() == 1 && right.size() == 1) {
    return concatenate(left[0], std::move(right[0]));
  }
  if (right.size() == 1) {
    for (std::vector<Token>& window : left) append(window, right[0]);
    return;
  }
  Windows further;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    const std::size_t row = i % left.size();
    for (std::size_t j = row == 0 ? 1 : 0; j < right.size(); ++j) {
      further.push_back(left[row]);
      append(further.back(), right[j]);
    }
  }
  append(left[0], right[0]);
  left.resize(1);
  std::move(further.begin(), further.end(), std::back_inserter(left));
}

}  // namespace

Encoding Tokenizer::Impl::assemble(std::vector<std::vector<Token>> texts,
                                   const EncodeOptions& options) const {
  check_stride(options, post_processor.get());
  Parts parts;
  for (std::vector<Token>& text : texts) {
    parts.emplace_back();
    parts.back().push_back(std::move(text));
  }
  Encoding encoding;
  if (options.max_length) {
    const bool has_template = options.special_tokens && post_processor;
    const std::int64_t room =
        *options.max_length - (has_template ? post_processor->added(parts.size() == 2) : 0);
    if (room >= 0) encoding.truncated = truncate(parts, room, options);
  }
  if (post_processor) post_processor->process(parts, options.special_tokens);
  Windows joined(1);
  for (Windows& part : parts) join(joined, std::move(part));
  encoding.tokens = std::move(joined[0]);
  for (std::size_t i = 1; i < joined.size(); ++i) {
    encoding.overflowing.emplace_back().tokens = std::move(joined[i]);
  }
  return encoding;
}

}  // namespace pellucid
