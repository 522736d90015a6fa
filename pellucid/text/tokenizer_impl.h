// SPDX-License-Identifier: Apache-2.0
// The parts of a loaded tokenizer. Inside text/ only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/added_tokens.h"
#include "pellucid/text/decoders/decoder.h"
#include "pellucid/text/models/model.h"
#include "pellucid/text/normalizers/normalizer.h"
#include "pellucid/text/post_processors/post_processor.h"
#include "pellucid/text/pre_tokenizers/pre_tokenizer.h"
#include "pellucid/text/tokenizer.h"
#include "pellucid/text/tokenizer_document.h"

namespace pellucid {

/// Ids by role; see tokenizer.h.
struct SpecialTokens {
  std::optional<std::int32_t> pad, unk, mask, cls, sep, eos;
};

struct Tokenizer::Impl {
  AddedTokens added;
  std::unique_ptr<Normalizer> normalizer;       // may be null
  std::unique_ptr<PreTokenizer> pre_tokenizer;  // may be null
  std::unique_ptr<TokenModel> model;
  std::unique_ptr<PostProcessor> post_processor;  // may be null
  std::unique_ptr<Decoder> decoder;               // may be null
  std::optional<EncodeOptions> truncation;
  std::optional<Padding> padding;
  SpecialTokens special;
  std::optional<std::int64_t> model_max_length;

  /// Everything but the roles and the length.
  explicit Impl(TokenizerDocument document);

  std::optional<std::int32_t> id(std::string_view token) const;
  std::optional<std::string_view> token(std::int32_t id) const;

  /// Tokens of one text before truncation and template. Their words count from 0.
  std::vector<Token> tokenize(std::string_view text, std::string_view what, std::int32_t segment,
                              const EncodeOptions& options) const;
  std::vector<Token> tokenize_words(const std::vector<std::string>& words, std::int32_t segment,
                                    const EncodeOptions& options) const;
  /// Truncation and template for one text or two.
  Encoding assemble(std::vector<std::vector<Token>> texts, const EncodeOptions& options) const;

 private:
  struct Output;
  void tokenize_stretch(NormalizedText text, Output& output, bool special_in_text) const;
  void tokenize_pieces(const PreTokenized& parts, Output& output) const;
};

/// The id of every role: tokens that the configuration files name, else the usual names.
/// named: role ("pad_token") and token, as the files have it.
SpecialTokens find_special_tokens(const Tokenizer::Impl& tokenizer,
                                  const std::vector<std::pair<std::string, std::string>>& named);

}  // namespace pellucid
