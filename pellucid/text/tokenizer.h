// SPDX-License-Identifier: Apache-2.0
// Tokenizer: the pipeline of a tokenizer.json (added tokens, normalizer, pre-tokenizer, model,
// post-processor), or the one that older files (vocab.txt) imply, with character spans through
// every step. Format: https://huggingface.co/docs/tokenizers
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

enum class Truncation { longest_first, only_first, only_second };

struct EncodeOptions {
  bool special_tokens = true;
  std::optional<std::int64_t>
      max_length;           ///< tokens in all, template included; none: no truncation
  std::int64_t stride = 0;  ///< tokens that neighbouring windows share
  Truncation truncation = Truncation::longest_first;
};

/// Immutable; may be used from several threads.
class Tokenizer {
 public:
  /// A folder with tokenizer.json or vocab.txt (and tokenizer_config.json,
  /// special_tokens_map.json), or one such file. Throws Error naming the file and the component,
  /// field or value that is missing or not supported.
  static Tokenizer load(const std::filesystem::path& path);

  /// Text must be valid UTF-8; throws Error otherwise.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;
  Encoding encode(std::string_view text, std::string_view pair,
                  const EncodeOptions& options = {}) const;
  std::string decode(const std::vector<std::int32_t>& ids, bool skip_special_tokens = true) const;

  std::int64_t vocabulary_size() const;  ///< added tokens included
  std::optional<std::int32_t> id(std::string_view token) const;
  std::optional<std::string> token(std::int32_t id) const;

  /// Special tokens by role, as tokenizer_config.json / special_tokens_map.json name them, else the
  /// family's usual names where the vocabulary has them.
  std::optional<std::int32_t> pad_id() const;
  std::optional<std::int32_t> unk_id() const;
  std::optional<std::int32_t> mask_id() const;
  std::optional<std::int32_t> cls_id() const;
  std::optional<std::int32_t> sep_id() const;
  std::optional<std::int32_t> eos_id() const;

  std::optional<std::int64_t> model_max_length()
      const;                 ///< of tokenizer_config.json; none when absent or "infinite"
  std::string kind() const;  ///< "WordPiece", "BPE", ...

  struct Impl;
  explicit Tokenizer(std::shared_ptr<const Impl> impl);

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pellucid
