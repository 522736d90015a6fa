// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/attention_rollout.h"

#include "pellucid/attributions/attention_maps.h"

namespace pellucid {
namespace {

OptionTable<AttentionRollout> options() {
  return OptionTable<AttentionRollout>().number("evaluations", &AttentionRollout::evaluations, 1,
                                                kMostEvaluations, "1 or more",
                                                "model rows at most");
}

}  // namespace

Parameters AttentionRollout::parameters() const { return options().show(*this); }

MethodEntry AttentionRollout::entry() {
  return options().complete({.name = "attention-rollout",
                             .summary = "attention followed through all layers",
                             .source = "Abnar and Zuidema 2020, arXiv 2005.00928",
                             .cost = "2 forwards",
                             .complete = false,
                             .perturbs = false});
}

void AttentionRollout::check() const { check_budget(name(), evaluations, 2); }

Attribution AttentionRollout::operator()(Evaluator& evaluator) const {
  std::vector<TokenMatrix> layers;
  for (const AttentionMap& map : attention_maps(evaluator, false)) {
    layers.push_back(mean_heads(map));
  }
  Attribution result;
  result.is_signed = false;
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    result.token_scores.push_back(through_layers(read_row(evaluator, t), layers, 0.5, 0.5));
  }
  return result;
}

}  // namespace pellucid
