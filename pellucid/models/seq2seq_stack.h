// SPDX-License-Identifier: Apache-2.0
// One of the two stacks of an encoder-decoder: embeddings, layers, final norm.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pellucid/models/seq2seq_layer.h"

namespace pellucid {

class Seq2SeqStack {
 public:
  Seq2SeqStack() = default;
  /// words: name of the table of words
  Seq2SeqStack(const Seq2SeqOptions& options, const StackOptions& stack, const std::string& words,
               std::int64_t vocabulary, const ModuleReader& reader);

  const std::vector<Seq2SeqLayer>& layers() const { return layers_; }
  /// Rows of the table of words, as the embedding module gives them.
  Tensor embed(std::span<const std::int32_t> ids) const;
  /// -> input of the first layer, [ids, hidden]
  Variable embedding_block(std::span<const std::int32_t> ids, std::vector<std::int32_t> positions,
                           Tap& tap) const;
  /// Of an encoder: all rows of the batch, behind the final norm.
  Variable encode(const Batch& batch, Tap& tap) const;
  /// Of a decoder: all rows, or only those that are read if `some`, behind the final norm.
  /// x: from embedding_block   encoded: the encoder's outputs, as in Seq2SeqLayer::decode
  Variable decode(Variable x, const Variable& encoded, const DecoderRows& rows, bool some,
                  Tap& tap) const;

 private:
  void read_places(const Seq2SeqOptions& options, const std::string& name,
                   const ModuleReader& reader);

  std::string tap_prefix_;
  EmbeddingTable words_, places_;
  float table_scale_ = 1, embedding_scale_ = 1;
  std::int64_t place_offset_ = 0, farthest_ = 0;
  Norm embedding_norm_, final_norm_;
  std::vector<Seq2SeqLayer> layers_;
  Tensor buckets_;  // [buckets, heads]
};

}  // namespace pellucid
