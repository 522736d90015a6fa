// SPDX-License-Identifier: Apache-2.0
// The tape: reverse-mode differentiation of activations, with K cotangents at once.
//
// Ops record how to pull a cotangent back to their inputs (VJP). Weights are frozen, so nothing
// else is recorded, and an op whose inputs are not tracked records nothing at all: inference pays
// nothing. A cotangent of a value of shape [rows, width] has shape [K * rows, width], the K
// cotangents one after the other; saved activations are shared by all.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <vector>

#include "pellucid/tensor/tensor.h"

namespace pellucid {

class Tape;

/// A value and its place on a tape, if it has one.
struct Variable {
  Tensor value;
  Tape* tape = nullptr;
  std::int32_t node = -1;

  Variable() = default;
  explicit Variable(Tensor untracked) : value(std::move(untracked)) {}
  bool tracked() const { return tape != nullptr; }
  std::int64_t rows() const { return value.rows(); }
  std::int64_t width() const { return value.width(); }
};

/// Where a VJP puts the cotangents of its op's inputs.
class InputCotangents {
 public:
  /// False when input i is not tracked: nothing need be computed for it.
  bool wanted(std::size_t input) const { return nodes_[input] >= 0; }
  /// Adds a cotangent of shape [K * rows, width] to what input i has received already.
  void add(std::size_t input, Tensor cotangent);
  /// What input i has received so far, for ops that can add in place; null if nothing yet or if
  /// others share it.
  Tensor* accumulator(std::size_t input);

 private:
  friend class Tape;
  InputCotangents(std::span<const std::int32_t> nodes, std::vector<Tensor>& cotangents)
      : nodes_(nodes), cotangents_(cotangents) {}
  std::span<const std::int32_t> nodes_;
  std::vector<Tensor>& cotangents_;
};

/// What the walk computes. The two rules of DeepLift (Shrikumar et al. 2017, arXiv 1704.02685) take
/// two inputs in one batch, the rows of the real one first, then as many of the baseline: instead
/// of cotangents the first half receives multipliers, whose products with the differences of the
/// inputs add up to the difference of the outputs.
enum class Pullback {
  gradient,
  rescale,          ///< relu, sigmoid and tanh by the quotient of differences, all else by gradient
  rescale_extended  ///< every op; products, softmax and norms by rules of their own
};

class Tape {
 public:
  /// cotangent: [K * rows, width] of the op's value; may be overwritten when it is unique().
  using Vjp = std::function<void(Tensor cotangent, InputCotangents& inputs)>;

  explicit Tape(Pullback pullback = Pullback::gradient) : pullback_(pullback) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Pullback pullback() const { return pullback_; }

  /// From here on attention ops keep their probabilities, [heads * queries, keys], as leaves of
  /// their own, in the order in which they run: gradients with respect to them are total ones.
  void observe_attention() { observes_attention_ = true; }
  bool observes_attention() const { return observes_attention_; }
  const std::vector<Variable>& attentions() const { return attentions_; }
  /// Called by attention ops.
  const Variable& add_attention(Tensor probabilities) {
    return attentions_.emplace_back(leaf(std::move(probabilities)));
  }

  /// A variable to differentiate with respect to.
  Variable leaf(Tensor value);

  /// Pulls cotangents of `output` back to the leaves; saved activations are dropped on the way, so
  /// a tape is walked once. cotangent: [K * rows, width] of the output. Returns for each leaf [K *
  /// rows, width], zeros where nothing arrives.
  std::vector<Tensor> pull_back(const Variable& output, Tensor cotangent,
                                std::span<const Variable> leaves);

 private:
  friend Variable record(Tensor, std::initializer_list<const Variable*>, Vjp);
  struct Node {
    std::vector<std::int32_t> inputs;  // -1: not tracked
    Vjp vjp;                           // empty for leaves
  };
  Pullback pullback_;
  std::vector<Node> nodes_;
  bool observes_attention_ = false;
  std::vector<Variable> attentions_;
};

/// True if any of the inputs is on a tape: the op has to save what its VJP needs and to record it.
bool any_tracked(std::initializer_list<const Variable*> inputs);

/// Puts `value` on the tape of its inputs. At least one input must be tracked, all tracked ones on
/// the same tape.
Variable record(Tensor value, std::initializer_list<const Variable*> inputs, Tape::Vjp vjp);

}  // namespace pellucid
