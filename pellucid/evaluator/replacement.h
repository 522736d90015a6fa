// SPDX-License-Identifier: Apache-2.0
// Replacement: what stands where something is taken away: the start of a path (baseline) or a
// removed unit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/evaluator/target.h"

namespace pellucid {

struct Replacement {
  enum class Kind {
    pad,        ///< the pad token; without one unk, else eos, else zero, with a warning
    mask,       ///< the mask token; without one unk, else pad, with a warning
    unk,        ///< the unknown token; Error without one
    zero,       ///< zero vector in place of the word embedding
    mean,       ///< mean of the word-embedding table over ordinary tokens
    erase,      ///< "delete": tokens are removed, positions close up
    token,      ///< one given token
    ids,        ///< a whole baseline of as many ids as the input has tokens
    attention,  ///< nobody attends to the tokens; the others keep their positions
    model,      ///< drawn from a masked language model given the rest
    usual,      ///< "auto": mask; for causal models delete, for single tokens of theirs mean
  };
  Kind kind = Kind::pad;
  std::string token{};              ///< for Kind::token
  std::vector<std::int32_t> ids{};  ///< for Kind::ids
  bool everywhere = false;          ///< in a baseline, in the place of template tokens too

  std::string proposer{};  ///< for Kind::model: which one; "": the model's own head
  bool collapse = false;   ///< one token for a whole unit, where each of its tokens has one else

  /// "all-zero" (zero everywhere), "pad", "mask", "unk", "zero", "mean", "delete" or "empty",
  /// "attention", "model", "auto", "ID,ID,...", or a token of the vocabulary.
  static Replacement parse(std::string_view text);
  std::string name() const;
};

}  // namespace pellucid
