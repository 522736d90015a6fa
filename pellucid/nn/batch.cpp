// SPDX-License-Identifier: Apache-2.0
#include "pellucid/nn/batch.h"

#include <algorithm>
#include <numeric>

#include "pellucid/base/error.h"

namespace pellucid {

namespace {

/// The numbers of a sequence, or 0, 1, 2 ... where it has none.
void append(const std::vector<std::int32_t>& numbers, std::size_t length, const char* what,
            std::vector<std::int32_t>& to) {
  check(numbers.empty() || numbers.size() == length, "{} {} for {} tokens", numbers.size(), what,
        length);
  to.insert(to.end(), numbers.begin(), numbers.end());
  if (!numbers.empty()) return;
  to.resize(to.size() + length);
  std::iota(to.end() - static_cast<std::ptrdiff_t>(length), to.end(), 0);
}

}  // namespace

void Batch::add(const Sequence& sequence) {
  const std::int64_t start = tokens();
  const std::size_t length = sequence.ids.size();
  ids.insert(ids.end(), sequence.ids.begin(), sequence.ids.end());
  if (sequence.types.empty()) {
    types.resize(types.size() + length, 0);
  } else {
    check(sequence.types.size() == length, "{} token types for {} tokens", sequence.types.size(),
          length);
    types.insert(types.end(), sequence.types.begin(), sequence.types.end());
  }
  append(sequence.positions, length, "positions", positions);
  gives_positions.push_back(!sequence.positions.empty());
  append(sequence.columns, length, "columns", columns);
  check(sequence.hidden.empty() || sequence.hidden.size() == length,
        "{} marks of hidden tokens for {} tokens", sequence.hidden.size(), length);
  if (!sequence.hidden.empty() || !hidden.empty()) {
    hidden.resize(static_cast<std::size_t>(start), 0);
    hidden.insert(hidden.end(), sequence.hidden.begin(), sequence.hidden.end());
    hidden.resize(ids.size(), 0);
  }
  const auto own = positions.begin() + start;
  const std::int64_t reached =
      own == positions.end() ? 0 : std::int64_t{*std::max_element(own, positions.end())} + 1;
  contexts.push_back(sequence.context > 0 ? sequence.context : reached);
  check(sequences() == 0 || sequence.decoder_ids.empty() == decoder_ids.empty(),
        "sequences with and without decoder ids in one batch");
  offsets.push_back(tokens());
  const std::int64_t first = sequence.decoder_ids.empty() ? start : decoder_offsets.back();
  decoder_ids.insert(decoder_ids.end(), sequence.decoder_ids.begin(), sequence.decoder_ids.end());
  decoder_offsets.push_back(static_cast<std::int64_t>(decoder_ids.size()));
  const std::int64_t count = sequence.outputs();
  if (sequence.reads.empty()) {
    for (std::int64_t row = first; row < first + count; ++row) reads.push_back(row);
  } else {
    for (const std::int64_t position : sequence.reads) {
      check(0 <= position && position < count, "position {} of a sequence of {} tokens", position,
            count);
      reads.push_back(first + position);
    }
  }
  read_offsets.push_back(static_cast<std::int64_t>(reads.size()));
}

}  // namespace pellucid
