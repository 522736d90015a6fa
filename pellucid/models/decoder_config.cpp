// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/decoder_config.h"

#include <cmath>

#include "pellucid/base/error.h"
#include "pellucid/nn/options.h"

namespace pellucid {

Activation DecoderConfig::activation(std::string_view key, std::string_view usual) const {
  if (!fields().has(key)) return *parse_activation(usual);
  return read_activation(fields(), key);
}

DecoderOptions DecoderConfig::options(const SizeKeys& keys, std::int64_t positions,
                                      bool tied) const {
  DecoderOptions options;
  options.vocabulary = config_.size("vocab_size", kMaxVocabulary);
  options.hidden = config_.size(keys.hidden);
  options.heads = config_.size(keys.heads);
  options.key_heads = options.heads;
  options.layers.resize(static_cast<std::size_t>(config_.size(keys.layers, kMaxLayers)));
  options.max_positions = size(keys.positions, positions, kMaxVocabulary);
  options.tied = flag("tie_word_embeddings", tied);
  options.pad_id = config_.pad_token_id;
  require_false(fields(), {"add_cross_attention", "is_encoder_decoder"});
  fields().ignore({"is_decoder", "use_cache", "classifier_dropout", "resid_pdrop", "embd_pdrop",
                   "attn_pdrop", "resid_dropout", "embed_dropout", "pretraining_tp",
                   "cache_implementation"});
  if (options.hidden % options.heads == 0) head_width(options, options.hidden / options.heads);
  return options;
}

void DecoderConfig::head_width(DecoderOptions& options, std::int64_t width) const {
  options.head_width = width;
  for (LayerOptions& layer : options.layers) {
    layer.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width)));
  }
}

void DecoderConfig::norms(DecoderOptions& options, NormKind kind, std::string_view key,
                          double usual) const {
  options.norm = kind;
  options.norm_bias = kind == NormKind::layer;
  options.epsilon = static_cast<float>(fields().optional_number(key, 0, 1).value_or(usual));
}

void DecoderConfig::rope(DecoderOptions& options, double theta, double share,
                         const std::vector<std::string>& scalings) const {
  const auto dimensions =
      static_cast<std::int64_t>(static_cast<double>(options.head_width) * share);
  check(dimensions > 0 && dimensions % 2 == 0 && dimensions <= options.head_width,
        "{}: {} of the {} numbers of a head are to be rotated, expected an even number",
        fields().name(), dimensions, options.head_width);
  options.ropes = {Rope::read(config_, {theta, dimensions, options.max_positions}, scalings)};
}

void DecoderConfig::key_heads(DecoderOptions& options, std::string_view key,
                              std::int64_t usual) const {
  options.key_heads = is_null(key) ? options.heads : size(key, usual);
  check(options.heads % options.key_heads == 0, "{}: {} heads cannot share {} heads of keys",
        fields().name(), options.heads, options.key_heads);
}

}  // namespace pellucid
