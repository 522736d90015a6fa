// SPDX-License-Identifier: Apache-2.0
// The batch of a case of inspect, without what is masked, and the ways back to [batch, length].
#pragma once

#include <vector>

#include "pellucid/tasks/inspect.h"
#include "pellucid/tasks/inspect_grid.h"

namespace pellucid {

class InspectPacking {
 public:
  /// generates: decoder ids that are not given are the start token alone.
  InspectPacking(const Network& network, const InspectCase& input, bool generates);

  const Batch& batch() const { return batch_; }
  const std::vector<Sequence>& sequences() const { return sequences_; }
  const InspectGrid& tokens() const { return tokens_; }
  const InspectGrid& decoder() const { return decoder_; }
  /// Of what a head answers position by position.
  const InspectGrid& outputs() const { return outputs_; }

 private:
  void add_sequence(const Network& network, const InspectCase& input, std::size_t row);
  void add_decoder_ids(const Network& network, const InspectCase& input, bool generates);

  const NetworkShape& shape_;
  std::int64_t context_;
  InspectGrid tokens_, decoder_, outputs_;
  std::vector<Sequence> sequences_;
  Batch batch_;
};

}  // namespace pellucid
