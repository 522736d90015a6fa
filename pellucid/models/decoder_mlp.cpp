// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/decoder_mlp.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "pellucid/ops/gated.h"
#include "pellucid/ops/mixture.h"
#include "pellucid/ops/select.h"
#include "pellucid/ops/softmax.h"

namespace pellucid {
namespace {

/// Names of one MLP; gate is empty in a plain one, up where both are fused under the gate's name.
struct MlpNames {
  std::string gate, up, down;
};

Mlp read_mlp(const DecoderOptions& options, const DecoderReader& reader, const MlpNames& names,
             std::int64_t intermediate) {
  const auto read = [&](const std::string& name, std::int64_t outputs) {
    return reader.stack(name, outputs, options.hidden, options.mlp_bias);
  };
  const bool fused = names.up.empty();
  Stack gate_up;
  if (!names.gate.empty()) gate_up.add(read(names.gate, fused ? 2 * intermediate : intermediate));
  if (!fused) gate_up.add(read(names.up, intermediate));
  return {options.activation, !names.gate.empty(), gate_up.linear(),
          reader.linear(names.down, options.hidden, intermediate, options.mlp_bias)};
}

}  // namespace

Variable Mlp::operator()(const Variable& x) const {
  Variable up = gate_up_(x);
  return down_(is_gated_ ? gated(activation_, up) : activation(activation_, std::move(up)));
}

DecoderMlp::DecoderMlp(const DecoderOptions& options, bool sparse, const DecoderReader& reader) {
  const DecoderNames& names = options.names;
  if (sparse) {
    read_experts(options, reader);
  } else {
    dense_ = read_mlp(options, reader, {names.gate, names.up, names.down}, options.intermediate);
  }
}

void DecoderMlp::read_experts(const DecoderOptions& options, const DecoderReader& reader) {
  const DecoderNames& names = options.names;
  const Experts& experts = options.experts;
  used_ = experts.used;
  renormalise_ = experts.renormalise;
  router_ = reader.linear(names.router, experts.count, options.hidden, false);
  for (std::int64_t i = 0; i < experts.count; ++i) {
    const std::string prefix = fmt::format("{}.{}.", names.experts, i);
    experts_.push_back(
        read_mlp(options, reader,
                 {prefix + names.expert_gate, prefix + names.expert_up, prefix + names.expert_down},
                 experts.intermediate));
  }
  if (experts.shared_intermediate == 0) return;
  const std::string prefix = names.shared + ".";
  shared_ =
      read_mlp(options, reader,
               {prefix + names.expert_gate, prefix + names.expert_up, prefix + names.expert_down},
               experts.shared_intermediate);
  shared_gate_ = reader.linear(names.shared_gate, 1, options.hidden, false);
}

Variable DecoderMlp::operator()(const Variable& x) const {
  return router_ ? mixture(x) : dense_(x);
}

/// The sum over the experts that the router chooses for each row, in the experts' order.
Variable DecoderMlp::mixture(const Variable& x) const {
  const Variable weights = largest(softmax(router_(x)), used_, renormalise_);
  Variable sum(Tensor::zeros(x.value.shape()));
  for (std::size_t e = 0; e < experts_.size(); ++e) {
    std::vector<std::int64_t> rows;
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      if (weights.value.row(r)[e] != 0) rows.push_back(r);
    }
    if (rows.empty()) continue;
    const Variable part = experts_[e](select_rows(x, rows));
    sum = add_weighted_rows(std::move(sum), part, weights, static_cast<std::int64_t>(e), rows);
  }
  if (!shared_) return sum;
  std::vector<std::int64_t> all(static_cast<std::size_t>(x.rows()));
  std::iota(all.begin(), all.end(), 0);
  const Variable share = activation(Activation::sigmoid, shared_gate_(x));
  return add_weighted_rows(std::move(sum), shared_(x), share, 0, all);
}

}  // namespace pellucid
