// SPDX-License-Identifier: Apache-2.0
// Expected gradients: the mean over random baselines B and random places on the paths from them,
//   A = mean_s g(B_s + alpha_s (E - B_s)) (E - B_s)
// Erion et al. 2019, arXiv 1906.10670; GradientShap in Lundberg and Lee 2017, arXiv 1705.07874.
// alpha_s = (s + u_s) / S is stratified, the baselines take turns in random order. Complete in the
// mean: sum A = F(E) - mean F(B).
#pragma once

#include <optional>
#include <vector>

#include "pellucid/attributions/method_options.h"
#include "pellucid/attributions/recorded_draws.h"
#include "pellucid/attributions/row_budget.h"

namespace pellucid {

enum class NoisePlace { baseline, input };
enum class Factor { difference, point };
std::string_view name(NoisePlace place);
std::string_view name(Factor factor);

struct GradientShap {
  std::optional<std::int64_t> samples{};  ///< 32, or as many as the budget allows
  Replacement baseline{.kind = Replacement::Kind::pad};
  std::vector<Replacement> baselines{};  ///< in place of `baseline`, if not empty
  std::string baselines_file{};          ///< where they were read from
  double noise = 0;                      ///< as a share of the deviation of the embedding table
  std::optional<double> noise_absolute{};
  bool noise_special = false;  ///< on template tokens too
  NoisePlace noise_on = NoisePlace::baseline;
  Factor factor = Factor::difference;  ///< E - B, or the point itself (a peer's way)
  Reduce reduce = Reduce::dot;
  bool reduce_first = false;  ///< mean of reduced numbers
  std::string layer = "embeddings";
  /// More rounds of 32 draws, two at least, until standard errors are under this share of the
  /// largest score, at most 1024 draws or the budget.
  std::optional<double> tolerance{};
  RowBudget evaluations{};
  RecordedDraws draws{};

  std::string name() const { return "gradient-shap"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
