// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/random_scores.h"

#include "pellucid/attributions/game.h"

namespace pellucid {

MethodEntry RandomScores::entry() {
  return OptionTable<RandomScores>().complete({.name = "random",
                                               .summary = "random scores: the floor for metrics",
                                               .source = "none",
                                               .cost = "1 forward",
                                               .complete = false,
                                               .perturbs = true});
}

Attribution RandomScores::operator()(Evaluator& evaluator) const {
  const std::size_t count = players(evaluator).size();
  std::vector<std::vector<double>> scores;
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    const Draws draws = evaluator.draws(Stream::random_scores, static_cast<std::uint32_t>(t));
    auto& of_target = scores.emplace_back();
    for (std::size_t i = 0; i < count; ++i) {
      of_target.push_back(2 * open_uniform(draws.word(static_cast<std::uint32_t>(i))) - 1);
    }
  }
  return {.unit_scores = unit_scores(evaluator, scores)};
}

}  // namespace pellucid
