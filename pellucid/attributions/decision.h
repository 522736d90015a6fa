// SPDX-License-Identifier: Apache-2.0
// Decision: which answer logits give, and how near others come to it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "pellucid/evaluator/target.h"

namespace pellucid {

class Decision {
 public:
  /// What the model decides on the real input; `target` chooses the label of a head with
  /// independent labels. Throws UsageError where nothing is decided.
  Decision(const Target& target, std::span<const float> logits, std::optional<std::int64_t> to);

  /// Over 0: another answer, or the one that is wanted.
  double change(std::span<const float> logits) const;
  /// The target falls on the way there.
  bool falls() const { return falls_; }

 private:
  std::optional<std::int64_t> to_;
  std::size_t label_ = 0;  // the class decided for, or the label that is on or off
  bool independent_;
  bool on_ = true;
  bool falls_ = true;
};

}  // namespace pellucid
