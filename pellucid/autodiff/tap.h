// SPDX-License-Identifier: Apache-2.0
// The tap: models mark their activations by name, and a caller reads one, replaces it, or
// differentiates with respect to it. Layer attributions, concepts, patching and golden tests need
// no change in model files.
//
// Names: "embeddings" (output of the word-embedding table), "position-embeddings",
// "embedding-block" (input of the first layer), "layer.I.attentions" (probabilities, flat),
// "layer.I.hidden" (output of layer I, from 0), "pooled", "logits". In encoder-decoders layers are
// "encoder.layer.I" and "decoder.layer.I", the latter with "cross-attentions", and there are
// "decoder-embeddings", "decoder-position-embeddings", "decoder-embedding-block" and
// "encoder-outputs": where those are replaced the encoder does not run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

class Tap {
 public:
  Tap() = default;

  /// Keeps the value at `name`.
  void read(std::string_view name);
  /// Puts `value` in place of what the model computes at `name`.
  void replace(std::string_view name, Tensor value);
  /// Makes the value at `name` (after replacement) a leaf of `tape`.
  void differentiate(std::string_view name, Tape& tape);

  /// Called by models: the value that goes on from here. `compute` is not called when the value is
  /// replaced.
  Variable operator()(std::string_view name, const std::function<Variable()>& compute);
  Variable operator()(std::string_view name, Variable value);
  /// True when somebody wants to read `name`: models compute some values on request only.
  bool wanted(std::string_view name) const;
  /// True when `name` is read, replaced or differentiated.
  bool touched(std::string_view name) const { return points_.find(name) != points_.end(); }

  /// What was read, or the leaf; throws Error naming the taps that the model passed if `name` was
  /// not among them.
  const Tensor& value(std::string_view name) const;
  const Variable& leaf(std::string_view name) const;

 private:
  struct Point {
    bool read = false;
    Tensor replacement;
    Tape* tape = nullptr;
    Variable passed;
    bool reached = false;
  };
  const Point& reached_point(std::string_view name) const;
  Variable pass(Point& point, Variable value);

  std::map<std::string, Point, std::less<>> points_;
  std::vector<std::string> passed_;  ///< names met, for errors; kept only when something is tapped
};

/// compute(nullptr), or compute(&probabilities) where somebody wants those at the tap `name`.
template <class Compute>
Variable with_probabilities(const std::string& name, Tap& tap, const Compute& compute) {
  if (!tap.wanted(name)) return compute(nullptr);
  Tensor probabilities;
  Variable y = compute(&probabilities);
  tap(name, Variable(probabilities));
  return y;
}

}  // namespace pellucid
