// SPDX-License-Identifier: Apache-2.0
// Layers of encoder-decoders: self-attention, in decoders attention to the encoder's outputs, MLP.
// Vaswani et al. 2017, arXiv 1706.03762
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pellucid/autodiff/tap.h"
#include "pellucid/models/decoder_mlp.h"
#include "pellucid/models/decoder_reader.h"
#include "pellucid/models/seq2seq_options.h"
#include "pellucid/nn/module.h"
#include "pellucid/ops/attention.h"

namespace pellucid {

/// Norm NAME; nothing for an empty name.
Norm read_norm(const Seq2SeqOptions& options, const std::string& name, const ModuleReader& reader);

/// What all decoder layers share in one run: which rows there are, and which are read.
struct DecoderRows {
  CachedRows cached;
  std::vector<std::int64_t> reads, read_offsets;
  std::vector<std::int64_t> places, read_places;  ///< key rows of all rows, and of those read
  std::vector<std::int64_t> encoder_offsets;      ///< of the encoder's rows

  /// offsets: of the decoder's sequences
  DecoderRows(const std::vector<std::int64_t>& offsets, std::vector<std::int64_t> rows_read,
              std::vector<std::int64_t> offsets_read, std::vector<std::int64_t> offsets_encoded);
  /// A batch that goes on behind what caches hold.
  DecoderRows(const Batch& batch, std::span<KeyValueCache* const> caches);

  std::int64_t longest() const;  ///< keys of a sequence
  /// Keys and values of the encoder's outputs that the caches hold for a layer.
  Tensor encoded(std::size_t layer) const;
};

class Seq2SeqAttention {
 public:
  Seq2SeqAttention() = default;
  Seq2SeqAttention(const Seq2SeqOptions& options, const StackOptions& stack,
                   const std::string& name, const ModuleReader& reader);

  /// Of rows to themselves.  x, y: [rows, hidden]
  Variable operator()(const Variable& x, AttentionShape shape, Tensor* probabilities) const;
  /// Of some rows to others.  x: [query rows, hidden]   others: [key rows, keys | values]
  Variable operator()(const Variable& x, const Variable& others, AttentionShape shape,
                      Tensor* probabilities) const;
  /// [rows, hidden] -> [rows, keys | values]
  Variable keys_values(const Variable& x) const { return keys_values_(x); }

 private:
  std::int64_t heads_ = 0;
  float scale_ = 1;
  Linear qkv_, queries_, keys_values_, output_;
};

/// y = x + f(norm(x)) or y = norm(x + f(x)).
struct Residual {
  Norm norm;
  bool before = false;

  Variable in(const Variable& x) const { return before ? norm(x) : x; }
  Variable out(const Variable& x, Variable y) const;
};

class Seq2SeqLayer {
 public:
  /// stack: options.encoder or options.decoder
  Seq2SeqLayer(const Seq2SeqOptions& options, const StackOptions& stack, std::size_t index,
               const ModuleReader& reader);

  /// Of an encoder.  shape: offsets and bias
  Variable encode(const Variable& x, const AttentionShape& shape, Tap& tap) const;
  /// Of a decoder; only the rows that are read if `some`.  encoded: the encoder's outputs, not
  /// looked at where caches hold their keys and values
  Variable decode(const Variable& x, const Variable& encoded, const DecoderRows& rows,
                  const AttentionBias& bias, bool some, Tap& tap) const;
  /// Keys and values of the encoder's outputs.
  Variable encoded_keys_values(const Variable& encoded) const {
    return cross_.keys_values(encoded);
  }

  std::string hidden_tap() const { return name_ + ".hidden"; }
  /// True if somebody wants to see all rows of this layer.
  bool tapped(const Tap& tap) const;

 private:
  Variable attend_self(const Variable& x, const DecoderRows& rows, const AttentionBias& bias,
                       bool some, Tap& tap) const;
  Variable attend_encoded(const Variable& x, const Variable& encoded, const DecoderRows& rows,
                          bool some, Tap& tap) const;

  std::string name_;
  std::size_t index_ = 0;
  Seq2SeqAttention self_, cross_;
  Mlp mlp_;
  Residual self_residual_, cross_residual_, mlp_residual_;
};

}  // namespace pellucid
