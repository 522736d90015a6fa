// SPDX-License-Identifier: Apache-2.0
// Target: a scalar function of the model's output, with its gradient with respect to that output.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

/// The scale of a target.  z: logits, p: softmax(z), s: sigmoid(z), c: class
///   logit                    z_c
///   probability              p_c, or s(z_c) for heads of independent labels
///   log_probability          log of the same
///   log_odds                 log p_c - log(1 - p_c); z_c for independent labels
///   probability_difference   p_A - p_B, for targets A-B only
enum class Output { logit, probability, log_probability, log_odds, probability_difference };

std::string_view name(Output output);
Output parse_output(std::string_view name);

/// How a head turns logits into probabilities.
enum class Link {
  softmax,   ///< one of the classes is true
  sigmoid,   ///< every label is true or not; a head of one logit has labels 0 (1 - s) and 1 (s)
  identity,  ///< regression: the value itself
};

/// Reads class `index` (minus class `contrast`) in one row of logits, or the mean over several
/// rows. The rows are chosen once on the real input and never move along a path.
struct Target {
  std::string label{};                     ///< as shown: a class name, "A-B", "start" ...
  std::optional<std::int64_t> index{};     ///< class; none for values that have no class
  std::optional<std::int64_t> contrast{};  ///< B of A-B
  /// Token positions whose rows are read; empty: the sequence's one row.
  std::vector<std::int64_t> positions{};
  Output output = Output::probability;
  Link link = Link::softmax;

  /// logits: [rows][classes] of one sequence, row-major; rows = max(1, positions.size()) in the
  /// order of positions.
  double value(std::span<const float> logits, std::int64_t classes) const;
  /// d value / d logits into `gradient` (same layout, every entry written).
  void gradient(std::span<const float> logits, std::int64_t classes,
                std::span<float> gradient) const;
  /// DeepLift's multipliers, such that their products with logits - base add up to the difference
  /// of the values; layout as of gradient().
  void multipliers(std::span<const float> logits, std::span<const float> base, std::int64_t classes,
                   std::span<float> multipliers) const;
};

/// softmax over one row of logits, in double.
std::vector<double> softmax(std::span<const float> logits);
double sigmoid(double x);

}  // namespace pellucid
