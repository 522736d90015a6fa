// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/inspect_packing.h"

#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// Length of the longest row, by which rotary scalings go: the largest position, masked or not.
std::int64_t longest_context(const InspectCase& input) {
  auto longest = static_cast<std::int64_t>(input.input_ids.front().size());
  if (input.position_ids.empty()) return longest;
  longest = 0;
  for (const auto& row : input.position_ids) {
    for (const std::int32_t position : row) {
      longest = std::max(longest, std::int64_t{position} + 1);
    }
  }
  return longest;
}

bool is_shown(const InspectCase& input, std::size_t row, std::size_t position) {
  return input.attention_mask.empty() || input.attention_mask[row][position] != 0;
}

}  // namespace

InspectPacking::InspectPacking(const Network& network, const InspectCase& input, bool generates)
    : shape_(network.shape()),
      context_(longest_context(input)),
      tokens_(std::ssize(input.input_ids.front())),
      decoder_(0),
      outputs_(0) {
  for (std::size_t row = 0; row < input.input_ids.size(); ++row) add_sequence(network, input, row);
  outputs_ = tokens_;
  if (shape_.has_decoder()) add_decoder_ids(network, input, generates);
  for (const Sequence& sequence : sequences_) batch_.add(sequence);
}

/// A row, without what is masked unless the network reads that too.
void InspectPacking::add_sequence(const Network& network, const InspectCase& input,
                                  std::size_t row) {
  // Tokens that stay keep their place.
  std::vector<std::int32_t> positions;
  if (!input.position_ids.empty()) {
    positions = input.position_ids[row];
  } else if (!shape_.positions_skip_masked) {
    positions = network.positions(input.input_ids[row]);
  }
  Sequence sequence;
  sequence.context = context_;
  bool any = false;
  tokens_.begin_sequence();
  for (std::size_t position = 0; position < input.input_ids[row].size(); ++position) {
    const bool shown = is_shown(input, row, position);
    if (!shown && !shape_.keeps_masked) continue;
    tokens_.add(static_cast<std::int64_t>(position), shown);
    any = any || shown;
    if (shape_.keeps_masked) sequence.hidden.push_back(shown ? 0 : 1);
    sequence.ids.push_back(input.input_ids[row][position]);
    if (!input.token_type_ids.empty()) {
      sequence.types.push_back(input.token_type_ids[row][position]);
    }
    sequence.columns.push_back(static_cast<std::int32_t>(position));
    if (!positions.empty()) sequence.positions.push_back(positions[position]);
  }
  check(any, "attention_mask: hides all of row {}", row);
  const std::int64_t read = network.pooled_position(input.input_ids[row]);
  check(!shape_.pooled() || shape_.keeps_masked || read < 0 ||
            is_shown(input, row, static_cast<std::size_t>(read)),
        "attention_mask: hides position {} of row {}, which the model's head reads", read, row);
  sequences_.push_back(std::move(sequence));
}

/// What the model makes itself it makes of whole rows: the decoder sees tokens that the mask hides
/// from the encoder.
void InspectPacking::add_decoder_ids(const Network& network, const InspectCase& input,
                                     bool generates) {
  const bool given = !input.decoder_input_ids.empty();
  const bool made = !given && !(generates && continues_texts(shape_.head));
  check(given || made || shape_.decoder_start >= 0,
        "decoder_input_ids: are missing, and the model has no \"decoder_start_token_id\" among its "
        "ids");
  for (std::size_t row = 0; row < sequences_.size(); ++row) {
    sequences_[row].decoder_ids =
        given  ? input.decoder_input_ids[row]
        : made ? network.decoder_ids(input.input_ids[row])
               : std::vector<std::int32_t>{static_cast<std::int32_t>(shape_.decoder_start)};
  }
  decoder_ = outputs_ = InspectGrid(std::ssize(sequences_.front().decoder_ids));
  for (std::size_t row = 0; row < sequences_.size(); ++row) {
    decoder_.begin_sequence();
    outputs_.begin_sequence();
    for (std::size_t i = 0; i < sequences_[row].decoder_ids.size(); ++i) {
      decoder_.add(static_cast<std::int64_t>(i), true);
      outputs_.add(static_cast<std::int64_t>(i), !made || is_shown(input, row, i));
    }
  }
}

}  // namespace pellucid
