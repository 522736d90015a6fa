// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/leave_one_out.h"

namespace pellucid {
namespace {

OptionTable<LeaveOneOut> options() {
  return OptionTable<LeaveOneOut>().replacement(&LeaveOneOut::replacement);
}

}  // namespace

Solution leave_one_out(Game& game) {
  const std::size_t players = game.players();
  std::vector<Coalition> without(players, Coalition(players, true));
  for (std::size_t i = 0; i < players; ++i) without[i][i] = false;
  const Values values = game(without);
  Solution solution;
  for (std::size_t t = 0; t < game.targets(); ++t) {
    auto& scores = solution.scores.emplace_back();
    for (std::size_t i = 0; i < players; ++i) scores.push_back(game.all()[t] - values[i][t]);
  }
  return solution;
}

Parameters LeaveOneOut::parameters() const { return options().show(*this); }

MethodEntry LeaveOneOut::entry() {
  return options().complete({.name = "leave-one-out",
                             .summary = "how much the target falls when one unit is replaced",
                             .source = "Li, Monroe, Jurafsky 2016, arXiv 1612.08220",
                             .cost = "units + 1 forwards",
                             .complete = false,
                             .perturbs = true});
}

Attribution LeaveOneOut::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  return {.unit_scores = unit_scores(evaluator, leave_one_out(game).scores)};
}

}  // namespace pellucid
