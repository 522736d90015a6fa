// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/attention.h"

#include "pellucid/attributions/attention_maps.h"

namespace pellucid {

Parameters Attention::parameters() const { return layers_option<Attention>().show(*this); }

MethodEntry Attention::entry() {
  return layers_option<Attention>().complete({.name = "attention",
                                              .summary = "where the row that is read looks",
                                              .source = "Bahdanau et al. 2014, arXiv 1409.0473",
                                              .cost = "2 forwards",
                                              .complete = false,
                                              .perturbs = false});
}

void Attention::check() const {
  check_layers(layer);
  check_budget(name(), evaluations, 2);
}

Attribution Attention::operator()(Evaluator& evaluator) const {
  const std::vector<AttentionMap> maps = attention_maps(evaluator, false);
  const std::vector<std::size_t> layers = parse_layers(layer, maps.size());
  Attribution result;
  result.is_signed = false;
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    const std::vector<double> row = read_row(evaluator, t);
    std::vector<double> scores(row.size());
    for (const std::size_t l : layers) {
      const TokenMatrix mean = mean_heads(maps[l]);
      const auto looked = through_layers(row, {&mean, 1}, 0, 1);
      for (std::size_t i = 0; i < scores.size(); ++i) {
        scores[i] += looked[i] / static_cast<double>(layers.size());
      }
    }
    result.token_scores.push_back(std::move(scores));
  }
  return result;
}

}  // namespace pellucid
