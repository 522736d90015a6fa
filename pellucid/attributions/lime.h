// SPDX-License-Identifier: Apache-2.0
// LIME: the line that fits the target best near the text, where near is many units kept.
// Ribeiro, Singh, Guestrin 2016, arXiv 1602.04938
//   minimise sum of w(z) (v(z) - b0 - z.b)^2 + lambda |b|^2      w = exp(-d(z)^2 / (2 width^2))
// or with fit = lasso: 1 / (2 sum w) sum of w (...)^2 + alpha |b|_1
#pragma once

#include "pellucid/attributions/sampling.h"

namespace pellucid {

enum class LimeMasks {
  sizes,      ///< how many units are replaced is uniform in 1 to n, then which
  bernoulli,  ///< a fair coin for each unit
};
/// From the share r of units kept, of n.
enum class LimeDistance {
  cosine,     ///< 1 - sqrt(r)
  hamming,    ///< 1 - r
  euclidean,  ///< sqrt(n (1 - r))
};
enum class LimeFit { ridge, lasso };

std::string_view name(LimeMasks masks);
std::string_view name(LimeDistance distance);
std::string_view name(LimeFit fit);

struct LimeSolution {
  Solution solution;
  std::vector<double> r_squared;  ///< weighted, [targets]
};

struct Lime {
  LimeMasks masks = LimeMasks::sizes;
  LimeDistance distance = LimeDistance::cosine;
  double width = 0.25;
  LimeFit fit = LimeFit::ridge;
  double lambda = 1;     ///< of ridge; the intercept is free
  double alpha = 0.01;   ///< of lasso
  int top_features = 0;  ///< fit only so many units, chosen one after the other; 0: all
  Budget budget{};
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "lime"; }
  Parameters parameters() const;
  void check() const;
  LimeSolution solve(Game& game) const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
