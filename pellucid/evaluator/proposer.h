// SPDX-License-Identifier: Apache-2.0
// Proposer: tokens for places of a text, drawn from a masked language model given the rest: the 50
// most probable, renormalised, never the one that stood there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pellucid/base/philox.h"
#include "pellucid/models/model.h"

namespace pellucid {

class Proposer {
 public:
  /// The masked language model of this name, or, for "", the model's own head; loaded once. Throws
  /// UsageError when there is none, or when it has another vocabulary.
  static std::shared_ptr<const Proposer> load(const Model& model, const std::string& name);

  explicit Proposer(Model model) : model_(std::move(model)) {}

  /// The input with other tokens where stays[variant][token] is false. `draws(probe)` are those of
  /// the text; equal variants get equal tokens.
  std::vector<Sequence> draw(const Sequence& input, const std::vector<std::vector<bool>>& stays,
                             const std::function<Draws(std::uint32_t)>& draws) const;

 private:
  std::int32_t pick(const float* logits, std::int32_t original, double uniform) const;

  Model model_;
};

}  // namespace pellucid
