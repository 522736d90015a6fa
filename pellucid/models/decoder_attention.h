// SPDX-License-Identifier: Apache-2.0
// Causal self-attention of decoders: projections, norms and rotation of queries and keys, mask,
// output.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pellucid/autodiff/tap.h"
#include "pellucid/models/decoder_reader.h"
#include "pellucid/ops/attention.h"

namespace pellucid {

/// What all layers share in one run.
struct DecoderRun {
  const Batch& batch;
  std::vector<RotaryAngles> angles;       ///< of all tokens, for each rope
  std::vector<RotaryAngles> read_angles;  ///< of the rows read, for the last layer
  AttentionBias bias;
  CachedRows cached;

  DecoderRun(const DecoderOptions& options, const Batch& batch,
             std::span<KeyValueCache* const> caches = {});
};

class DecoderAttention {
 public:
  DecoderAttention() = default;
  DecoderAttention(const DecoderOptions& options, std::size_t layer, const DecoderReader& reader);

  /// x: [tokens, hidden]   y: as x
  Variable operator()(const Variable& x, const DecoderRun& run, const std::string& name,
                      Tap& tap) const;
  /// The same for the rows that are read.  x: [tokens, hidden]   read, y: [reads, hidden]
  Variable operator()(const Variable& x, const Variable& read, const DecoderRun& run) const;

 private:
  AttentionShape shape(const DecoderRun& run) const;
  Variable over_cache(const Variable& queries, const Tensor& keys_values, const DecoderRun& run,
                      bool all) const;
  Variable prepared(Variable x, const Norm& norm, std::int64_t heads,
                    const std::vector<RotaryAngles>& angles) const;

  std::size_t index_ = 0;
  std::int64_t heads_ = 0, key_heads_ = 0, head_width_ = 0;
  bool interleaved_ = false;
  float cap_ = 0;
  LayerOptions layer_;
  Linear qkv_, queries_, keys_values_, output_;
  Norm norm_, query_norm_, key_norm_;  // of queries and keys together, and of each
};

}  // namespace pellucid
