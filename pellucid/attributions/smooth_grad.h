// SPDX-License-Identifier: Apache-2.0
// Gradients at noisy copies of the input, E_s = E + sigma eps_s with eps standard normal:
//   smooth-grad  mean_s A(E_s)        Smilkov et al. 2017, arXiv 1706.03825
//   square-grad  mean_s A(E_s)^2      Hooker et al. 2018, arXiv 1806.10758
//   var-grad     variance of A(E_s), unbiased    Adebayo et al. 2018, arXiv 1810.03307
// coordinate by coordinate, before the reduction. A is the gradient, the gradient times E_s, or
// integrated gradients.
#pragma once

#include <optional>

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/recorded_draws.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

enum class Statistic { mean, square, variance };
enum class Inner { gradient, absolute_gradient, input_x_gradient, integrated_gradients };
std::string_view name(Inner inner);

template <Statistic kStatistic>
struct NoisyGradients {
  std::optional<std::int64_t> samples{};   ///< 32, or as many as the budget allows
  double noise = 0.1;                      ///< sigma as a share of max E - min E
  std::optional<double> noise_absolute{};  ///< sigma itself
  bool noise_special = true;               ///< on template tokens too
  Inner inner = Inner::gradient;
  std::int64_t steps = 16;                ///< Gauss-Legendre points of integrated gradients
  std::optional<Replacement> baseline{};  ///< pad for integrated gradients, else zero
  std::optional<Reduce> reduce{};         ///< l2 for gradients, else dot
  bool reduce_first = false;              ///< the statistic of reduced numbers
  bool biased = false;                    ///< variance with 1 / S in place of 1 / (S - 1)
  std::string layer = "embeddings";
  /// More rounds of 32 draws, two at least, until standard errors are under this share of the
  /// largest score, at most 1024 draws or the budget.
  std::optional<double> tolerance{};
  RowBudget evaluations{};
  RecordedDraws draws{};

  std::string name() const;
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

using SmoothGrad = NoisyGradients<Statistic::mean>;
using SquareGrad = NoisyGradients<Statistic::square>;
using VarGrad = NoisyGradients<Statistic::variance>;

}  // namespace pellucid
