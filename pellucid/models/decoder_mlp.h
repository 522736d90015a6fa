// SPDX-License-Identifier: Apache-2.0
// MLPs of decoders: plain, gated, or a mixture of experts.
#pragma once

#include <vector>

#include "pellucid/models/decoder_reader.h"

namespace pellucid {

/// down(act(up(x))), or down(act(gate(x)) up(x)) where there is a gate.
class Mlp {
 public:
  Mlp() = default;
  /// gate_up: both gate and up, or up alone.
  Mlp(Activation activation, bool is_gated, Linear gate_up, Linear down)
      : activation_(activation),
        is_gated_(is_gated),
        gate_up_(std::move(gate_up)),
        down_(std::move(down)) {}
  explicit operator bool() const { return static_cast<bool>(down_); }
  Variable operator()(const Variable& x) const;

 private:
  Activation activation_ = Activation::identity;
  bool is_gated_ = false;
  Linear gate_up_, down_;
};

class DecoderMlp {
 public:
  DecoderMlp() = default;
  DecoderMlp(const DecoderOptions& options, bool sparse, const DecoderReader& reader);
  Variable operator()(const Variable& x) const;

 private:
  void read_experts(const DecoderOptions& options, const DecoderReader& reader);
  Variable mixture(const Variable& x) const;

  Mlp dense_;
  Linear router_;
  std::vector<Mlp> experts_;
  std::int64_t used_ = 0;
  bool renormalise_ = false;
  Mlp shared_;
  Linear shared_gate_;
};

}  // namespace pellucid
