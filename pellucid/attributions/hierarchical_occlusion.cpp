// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/hierarchical_occlusion.h"

#include <algorithm>
#include <cmath>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

OptionTable<HierarchicalOcclusion> options() {
  return OptionTable<HierarchicalOcclusion>()
      .number("beam", &HierarchicalOcclusion::beam, 1, 1e9, "1 or more",
              "groups of each level that are divided, the strongest first")
      .replacement(&HierarchicalOcclusion::replacement);
}

struct Effect {
  const UnitTree* node;
  std::vector<double> effect;  // [targets]
  double size = 0;             // the largest of them
};

std::vector<Effect> effects(Game& game, const std::vector<const UnitTree*>& nodes) {
  std::vector<Coalition> without(nodes.size(), Coalition(game.players(), true));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::size_t leaf : nodes[i]->leaves) without[i][leaf] = false;
  }
  const Values values = game(without);
  std::vector<Effect> found;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Effect& effect = found.emplace_back(Effect{nodes[i], {}, 0});
    for (std::size_t t = 0; t < game.targets(); ++t) {
      effect.effect.push_back(game.all()[t] - values[i][t]);
      effect.size = std::max(effect.size, std::abs(effect.effect.back()));
    }
  }
  return found;
}

}  // namespace

Solution hierarchical_occlusion(Game& game, const UnitTree& tree, std::int64_t beam) {
  Solution solution;
  solution.scores.assign(game.targets(), std::vector<double>(game.players()));
  std::vector<const UnitTree*> level;
  if (!tree.leaves.empty()) level.push_back(&tree);
  if (!tree.children.empty()) {
    level.clear();
    for (const UnitTree& child : tree.children) level.push_back(&child);
  }
  while (!level.empty()) {
    std::vector<Effect> found = effects(game, level);
    std::stable_sort(found.begin(), found.end(),
                     [](const Effect& a, const Effect& b) { return a.size > b.size; });
    level.clear();
    std::int64_t divided = 0;
    for (const Effect& effect : found) {
      if (!effect.node->children.empty() && divided++ < beam) {
        for (const UnitTree& child : effect.node->children) level.push_back(&child);
        continue;
      }
      const auto count = static_cast<double>(effect.node->leaves.size());
      for (std::size_t t = 0; t < game.targets(); ++t) {
        for (const std::size_t leaf : effect.node->leaves) {
          solution.scores[t][leaf] = effect.effect[t] / count;
        }
      }
    }
  }
  return solution;
}

Parameters HierarchicalOcclusion::parameters() const { return options().show(*this); }

MethodEntry HierarchicalOcclusion::entry() {
  return options().complete({.name = "hierarchical-occlusion",
                             .summary = "leave-one-out from paragraphs down to words, where it "
                                        "matters most",
                             .source = "Li, Monroe, Jurafsky 2016, arXiv 1612.08220, over the "
                                       "levels of a text",
                             .cost = "about children x beam x levels forwards",
                             .complete = false,
                             .perturbs = true});
}

void HierarchicalOcclusion::check() const {
  check_usage(beam >= 1, "beam is {}, expected 1 or more", beam);
}

Attribution HierarchicalOcclusion::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  const Solution solution = hierarchical_occlusion(game, tree_of_text(evaluator), beam);
  return {.unit_scores = unit_scores(evaluator, solution.scores)};
}

}  // namespace pellucid
