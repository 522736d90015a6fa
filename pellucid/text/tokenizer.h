// SPDX-License-Identifier: Apache-2.0
// Tokenizer: the pipeline of a tokenizer.json (added tokens, normalizer, pre-tokenizer, model,
// post-processor), or the one that older files (vocab.txt) imply, with character spans through
// every step. Format: https://huggingface.co/docs/tokenizers
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/encoding.h"

namespace pellucid {

enum class Truncation { longest_first, only_first, only_second };
enum class TruncationSide { right, left };

struct EncodeOptions {
  bool special_tokens = true;
  /// Tokens in all, template included; none: no truncation. Less than the template alone has: no
  /// truncation either.
  std::optional<std::int64_t> max_length;
  std::int64_t stride = 0;  ///< tokens that neighbouring windows share
  Truncation truncation = Truncation::longest_first;
  TruncationSide side = TruncationSide::right;
  bool overflowing = true;  ///< false: further windows are not made (a pair of long texts has many)
  bool special_in_text = true;  ///< false: special tokens written in the text are plain text
};

/// The "padding" of a tokenizer.json. Encodings come without; pad() in padding.h applies it.
struct Padding {
  std::optional<std::int64_t> length;  ///< none: as long as the longest of the batch
  bool left = false;
  std::optional<std::int64_t> multiple_of;
  std::int32_t id = 0;
  std::int32_t type = 0;
  std::string token;
};

/// Immutable; may be used from several threads.
class Tokenizer {
 public:
  /// A folder with tokenizer.json or vocab.txt (and tokenizer_config.json,
  /// special_tokens_map.json), or one such file. Throws Error naming the file and the component,
  /// field or value that is missing or not supported.
  static Tokenizer load(const std::filesystem::path& path);
  /// From the bytes of a tokenizer.json; name is what errors begin with.
  static Tokenizer from_json(std::string_view bytes, std::string_view name = "tokenizer.json");

  /// Text must be valid UTF-8; throws Error otherwise.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;
  Encoding encode(std::string_view text, std::string_view pair,
                  const EncodeOptions& options = {}) const;
  /// Text that is already cut into words: each is encoded alone; a token's word is the index in the
  /// list, its span lies inside the word.
  Encoding encode_words(const std::vector<std::string>& words,
                        const EncodeOptions& options = {}) const;
  Encoding encode_words(const std::vector<std::string>& words, const std::vector<std::string>& pair,
                        const EncodeOptions& options = {}) const;
  /// Ids that do not exist are skipped.
  std::string decode(const std::vector<std::int32_t>& ids, bool skip_special_tokens = true) const;

  std::int64_t vocabulary_size() const;  ///< added tokens included
  std::optional<std::int32_t> id(std::string_view token) const;
  std::optional<std::string> token(std::int32_t id) const;

  bool is_special(std::int32_t id) const;  ///< an added token with "special"

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

  /// "truncation" and "padding" of the tokenizer.json. Neither is applied by encode: the model's
  /// limit decides, and whoever needs padding calls pad().
  std::optional<EncodeOptions> stored_truncation() const;
  std::optional<Padding> stored_padding() const;

  struct Impl;
  explicit Tokenizer(std::shared_ptr<const Impl> impl);

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pellucid
