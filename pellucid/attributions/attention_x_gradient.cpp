// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/attention_x_gradient.h"

#include "pellucid/attributions/attention_maps.h"

namespace pellucid {
namespace {

OptionTable<AttentionXGradient> options() {
  return OptionTable<AttentionXGradient>().number("evaluations", &AttentionXGradient::evaluations,
                                                  1, kMostEvaluations, "1 or more",
                                                  "model rows at most");
}

}  // namespace

Parameters AttentionXGradient::parameters() const { return options().show(*this); }

MethodEntry AttentionXGradient::entry() {
  return options().complete({.name = "attention-x-gradient",
                             .summary = "attention times its gradient, through all layers",
                             .source = "Chefer et al. 2021, arXiv 2103.15679",
                             .cost = "2 forwards, 1 VJP",
                             .complete = false,
                             .perturbs = false});
}

void AttentionXGradient::check() const { check_budget(name(), evaluations, 2); }

Attribution AttentionXGradient::operator()(Evaluator& evaluator) const {
  const std::vector<AttentionMap> maps = attention_maps(evaluator, true);
  Attribution result;
  result.is_signed = false;
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    std::vector<TokenMatrix> layers;
    for (const AttentionMap& map : maps) layers.push_back(positive_relevance(map, t));
    result.token_scores.push_back(through_layers(read_row(evaluator, t), layers, 1, 1));
  }
  return result;
}

}  // namespace pellucid
