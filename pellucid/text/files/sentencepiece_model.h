// SPDX-License-Identifier: Apache-2.0
// The file of a SentencePiece model (sentencepiece_model.proto): what tokenizers need of it. A
// small reader of the protobuf wire format, safe for any bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

struct SentencePiece {
  enum Type { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
  std::string_view text;  ///< in the file's bytes
  float score = 0;
  std::int64_t type = normal;
};

struct SentencePieceModel {
  enum Kind { unigram = 1, bpe = 2 };
  std::vector<SentencePiece> pieces;
  std::int64_t kind = unigram;
  std::int64_t unknown_id = 0;
  std::string unknown_piece = "<unk>";
  std::string_view character_map;  ///< precompiled, in the file's bytes
};

/// Throws Error beginning with `name` if the bytes are no such model. Views point into the bytes.
SentencePieceModel read_sentencepiece(std::string_view bytes, const std::string& name);

}  // namespace pellucid
