// SPDX-License-Identifier: Apache-2.0
// Batch: sequences of unequal length, one after the other. There is no padding to compute or to
// mask, and results do not depend on what else is in the batch.
#pragma once

#include <cstdint>
#include <vector>

namespace pellucid {

/// What a model sees of one text: parallel lists, one entry for each token.
struct Sequence {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> types;      ///< token types; empty: all 0
  std::vector<std::int32_t> positions;  ///< empty: 0, 1, 2 ...
  /// Places in the text as it was before some tokens were left out, ascending: distances between
  /// tokens are distances of columns. Empty: 0, 1, 2 ...
  std::vector<std::int32_t> columns;
  /// 1 for tokens that a mask hides, 0 for the others; for networks that take them along. Empty: no
  /// token is hidden.
  std::vector<std::uint8_t> hidden;
  /// Length of the text that rotary scalings go by; 0: up to its own largest position.
  std::int64_t context = 0;
  /// What the decoder of an encoder-decoder reads; empty: the network makes it from `ids`.
  std::vector<std::int32_t> decoder_ids;
  /// Positions whose output a token-level head computes, ascending; empty: all. Positions of the
  /// decoder where there is one. Heads that pool ignore it.
  std::vector<std::int64_t> reads;

  std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
  /// Rows of outputs.
  std::int64_t outputs() const {
    return decoder_ids.empty() ? size() : static_cast<std::int64_t>(decoder_ids.size());
  }
};

struct Batch {
  std::vector<std::int32_t> ids;        ///< [tokens]
  std::vector<std::int32_t> types;      ///< [tokens]
  std::vector<std::int32_t> positions;  ///< [tokens]
  std::vector<std::int32_t> columns;    ///< [tokens]
  std::vector<bool> gives_positions;    ///< [sequences]: not only 0, 1, 2 ... for want of any
  std::vector<std::int64_t> offsets{
      0};  ///< [sequences + 1]: rows of sequence s are offsets[s] .. offsets[s + 1]
  std::vector<std::uint8_t> hidden;    ///< [tokens], or empty: none
  std::vector<std::int64_t> contexts;  ///< [sequences]
  /// [decoder tokens], of all sequences or of none; [sequences + 1] offsets into them.
  std::vector<std::int32_t> decoder_ids;
  std::vector<std::int64_t> decoder_offsets{0};
  std::vector<std::int64_t> reads;            ///< rows whose output is wanted, ascending
  std::vector<std::int64_t> read_offsets{0};  ///< [sequences + 1] into reads

  std::int64_t tokens() const { return static_cast<std::int64_t>(ids.size()); }
  std::int64_t sequences() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  bool reads_all() const {
    return reads.size() == (decoder_ids.empty() ? ids.size() : decoder_ids.size());
  }

  void add(const Sequence& sequence);
};

}  // namespace pellucid
