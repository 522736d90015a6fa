// SPDX-License-Identifier: Apache-2.0
// Reads config.json of decoders into DecoderOptions. Where a file leaves an option out, it has the
// value that Hugging Face's configuration class of the family gives it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pellucid/io/config.h"
#include "pellucid/models/decoder_options.h"

namespace pellucid {

/// Keys of sizes that families call by different names.
struct SizeKeys {
  std::string hidden = "hidden_size", layers = "num_hidden_layers", heads = "num_attention_heads";
  std::string positions = "max_position_embeddings";
};

class DecoderConfig {
 public:
  explicit DecoderConfig(const ModelConfig& config) : config_(config) {}

  const ModelConfig& config() const { return config_; }
  const JsonObject& fields() const { return config_.fields; }

  std::int64_t size(std::string_view key, std::int64_t usual,
                    std::int64_t highest = kMaxWidth) const {
    return fields().optional_integer(key, 1, highest).value_or(usual);
  }
  double number(std::string_view key, double usual) const {
    return fields().optional_number(key).value_or(usual);
  }
  bool flag(std::string_view key, bool usual) const {
    return fields().optional_boolean(key).value_or(usual);
  }
  /// The key with null is not the key left out.
  bool is_null(std::string_view key) const {
    return fields().value(key) != nullptr && !fields().has(key);
  }
  Activation activation(std::string_view key, std::string_view usual) const;

  /// Sizes, padding id, tied words; one key head for each head; scores scaled by
  /// 1 / sqrt(head width).
  DecoderOptions options(const SizeKeys& keys, std::int64_t positions, bool tied) const;
  /// Norms of this kind, with the epsilon under `key`.
  void norms(DecoderOptions& options, NormKind kind, std::string_view key, double usual) const;
  /// Rotary embeddings that turn this share of a head, with "rope_scaling".
  void rope(DecoderOptions& options, double theta, double share,
            const std::vector<std::string>& scalings = {}) const;
  /// Key heads under `key`: null means one for each head.
  void key_heads(DecoderOptions& options, std::string_view key, std::int64_t usual) const;
  /// Another width of a head than hidden / heads, and the scale that goes with it.
  void head_width(DecoderOptions& options, std::int64_t width) const;

 private:
  const ModelConfig& config_;
};

}  // namespace pellucid
