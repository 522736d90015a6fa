// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/tokenizer.h"

#include "pellucid/base/error.h"
#include "pellucid/text/tokenizer_files.h"
#include "pellucid/text/tokenizer_impl.h"

namespace pellucid {
namespace {

void check_options(const EncodeOptions& options) {
  check_usage(options.max_length.value_or(0) >= 0, "max_length is {}, expected 0 or more",
              options.max_length.value_or(0));
  check_usage(options.stride >= 0, "stride is {}, expected 0 or more", options.stride);
}

}  // namespace

std::optional<std::int32_t> Tokenizer::Impl::id(std::string_view token) const {
  if (const AddedToken* found = added.find(token)) return found->id;
  return model->vocabulary().id(token);
}

std::optional<std::string_view> Tokenizer::Impl::token(std::int32_t id) const {
  if (const AddedToken* found = added.find(id)) return found->content;
  return model->vocabulary().token(id);
}

Tokenizer::Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Tokenizer Tokenizer::load(const std::filesystem::path& path) {
  TokenizerFiles files = read_tokenizer_files(path);
  auto impl = std::make_shared<Impl>(std::move(files.document));
  impl->special = find_special_tokens(*impl, files.config.named_tokens);
  impl->model_max_length = files.config.model_max_length;
  return Tokenizer(std::move(impl));
}

Tokenizer Tokenizer::from_json(std::string_view bytes, std::string_view name) {
  auto impl = std::make_shared<Impl>(parse_tokenizer_json(bytes, std::string(name)));
  impl->special = find_special_tokens(*impl, {});
  return Tokenizer(std::move(impl));
}

Encoding Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  check_options(options);
  std::vector<std::vector<Token>> texts;
  texts.push_back(impl_->tokenize(text, "text", 0, options));
  return impl_->assemble(std::move(texts), options);
}

Encoding Tokenizer::encode(std::string_view text, std::string_view pair,
                           const EncodeOptions& options) const {
  check_options(options);
  std::vector<std::vector<Token>> texts;
  texts.push_back(impl_->tokenize(text, "text", 0, options));
  texts.push_back(impl_->tokenize(pair, "pair", 1, options));
  return impl_->assemble(std::move(texts), options);
}

Encoding Tokenizer::encode_words(const std::vector<std::string>& words,
                                 const EncodeOptions& options) const {
  check_options(options);
  std::vector<std::vector<Token>> texts;
  texts.push_back(impl_->tokenize_words(words, 0, options));
  return impl_->assemble(std::move(texts), options);
}

Encoding Tokenizer::encode_words(const std::vector<std::string>& words,
                                 const std::vector<std::string>& pair,
                                 const EncodeOptions& options) const {
  check_options(options);
  std::vector<std::vector<Token>> texts;
  texts.push_back(impl_->tokenize_words(words, 0, options));
  texts.push_back(impl_->tokenize_words(pair, 1, options));
  return impl_->assemble(std::move(texts), options);
}

std::string Tokenizer::decode(const std::vector<std::int32_t>& ids,
                              bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const std::int32_t id : ids) {
    const auto text = impl_->token(id);
    if (!text) continue;
    // By its text, as the library does: a vocabulary of scores may hold one token under two ids.
    const AddedToken* added = impl_->added.find(*text);
    if (!(skip_special_tokens && added && added->special)) tokens.emplace_back(*text);
  }
  std::string result;
  if (impl_->decoder) {
    for (const std::string& part : impl_->decoder->decode(std::move(tokens))) result += part;
    return result;
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) result += ' ';
    result += tokens[i];
  }
  return result;
}

std::int64_t Tokenizer::vocabulary_size() const {
  std::int64_t size = impl_->model->vocabulary().size();
  for (const AddedToken& token : impl_->added.tokens()) {
    if (!impl_->model->vocabulary().id(token.content)) ++size;
  }
  return size;
}

std::optional<std::int32_t> Tokenizer::id(std::string_view token) const { return impl_->id(token); }

std::optional<std::string> Tokenizer::token(std::int32_t id) const {
  const auto text = impl_->token(id);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

bool Tokenizer::is_special(std::int32_t id) const {
  const AddedToken* token = impl_->added.find(id);
  return token && token->special;
}

std::optional<std::int32_t> Tokenizer::pad_id() const { return impl_->special.pad; }
std::optional<std::int32_t> Tokenizer::unk_id() const { return impl_->special.unk; }
std::optional<std::int32_t> Tokenizer::mask_id() const { return impl_->special.mask; }
std::optional<std::int32_t> Tokenizer::cls_id() const { return impl_->special.cls; }
std::optional<std::int32_t> Tokenizer::sep_id() const { return impl_->special.sep; }
std::optional<std::int32_t> Tokenizer::eos_id() const { return impl_->special.eos; }

std::optional<std::int64_t> Tokenizer::model_max_length() const { return impl_->model_max_length; }
std::string Tokenizer::kind() const { return impl_->model->kind(); }
std::optional<EncodeOptions> Tokenizer::stored_truncation() const { return impl_->truncation; }
std::optional<Padding> Tokenizer::stored_padding() const { return impl_->padding; }

}  // namespace pellucid
