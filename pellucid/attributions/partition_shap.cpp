// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/partition_shap.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <queue>
#include <set>

#include "pellucid/attributions/shapley.h"
#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::size_t kAtOnce = 32;        // nodes that are divided together
constexpr std::size_t kMostChildren = 20;  // a million contexts
constexpr std::size_t kMostInOneGame = 4;  // children, before levels of two are put between

OptionTable<PartitionShap> options() {
  return OptionTable<PartitionShap>()
      .option(
          "tree", "binary, nary or nested lists of units such as [[0,1],2]",
          "binary: groups of more than four are halved; nary: they are not",
          [](PartitionShap& method, const std::string& text) { method.tree = text; },
          [](const PartitionShap& method) { return Parameter(method.tree); })
      .number("evaluations", &PartitionShap::evaluations, 2, 1e9, "2 or more",
              "model runs at most, in all")
      .replacement(&PartitionShap::replacement);
}

Coalition joined(Coalition coalition, const UnitTree& node) {
  for (const std::size_t leaf : node.leaves) coalition[leaf] = true;
  return coalition;
}

/// A node in the context of those that came before it, with what it adds there.
struct Entry {
  const UnitTree* node;
  Coalition context;
  double weight;
  std::vector<double> gains;  // [targets]: v(context + node) - v(context)
  double priority;
  std::int64_t number;  // in the order of making: ties go by it
};

struct Later {
  bool operator()(const Entry& a, const Entry& b) const {
    if (a.priority != b.priority) return a.priority < b.priority;
    return a.number > b.number;
  }
};

class OwenSearch {
 public:
  OwenSearch(Game& game, std::int64_t evaluations) : game_(game), evaluations_(evaluations) {
    solution_.scores.assign(game.targets(), std::vector<double>(game.players()));
  }

  Solution run(const UnitTree& root) {
    game_.all();
    game_.none();
    add(root, Coalition(game_.players(), false), 1);
    while (divide_some()) {
    }
    for (const Entry& entry : left_) share(entry);
    while (!queue_.empty()) {
      share(queue_.top());
      queue_.pop();
      solution_.converged = false;
    }
    if (!left_.empty()) solution_.converged = false;
    if (!solution_.converged) {
      solution_.warnings.push_back(fmt::format(
          "partition-shap: {} evaluations do not reach every unit: groups that are not divided "
          "share their score",
          evaluations_));
    }
    return std::move(solution_);
  }

 private:
  /// Both ends of the entry are known to the game.
  void add(const UnitTree& node, const Coalition& context, double weight) {
    Entry entry{&node, context, weight, {}, 0, made_++};
    const std::vector<double>& with = game_(joined(context, node));
    const std::vector<double>& without = game_(context);
    for (std::size_t t = 0; t < with.size(); ++t) {
      entry.gains.push_back(with[t] - without[t]);
      entry.priority = std::max(entry.priority, std::abs(entry.gains[t]) * weight);
    }
    if (node.children.empty()) {
      share(entry);
    } else {
      queue_.push(std::move(entry));
    }
  }

  void share(const Entry& entry) {
    const auto count = static_cast<double>(entry.node->leaves.size());
    for (std::size_t t = 0; t < entry.gains.size(); ++t) {
      for (const std::size_t leaf : entry.node->leaves) {
        solution_.scores[t][leaf] += entry.weight * entry.gains[t] / count;
      }
    }
  }

  /// Contexts by the set of children that are present.
  std::vector<Coalition> contexts(const Entry& entry) const {
    std::vector<Coalition> found{entry.context};
    for (const UnitTree& child : entry.node->children) {
      const std::size_t half = found.size();
      for (std::size_t i = 0; i < half; ++i) found.push_back(joined(found[i], child));
    }
    return found;
  }

  /// Divides the first entries that evaluations are left for. False: none.
  bool divide_some() {
    std::vector<Entry> divided;
    std::vector<std::vector<Coalition>> asked;
    std::set<Coalition> unknown;
    while (!queue_.empty() && divided.size() < kAtOnce) {
      Entry entry = queue_.top();
      queue_.pop();
      if (entry.node->children.size() > kMostChildren) {
        left_.push_back(std::move(entry));
        continue;
      }
      std::vector<Coalition> wanted = contexts(entry);
      std::set<Coalition> more = unknown;
      for (const Coalition& coalition : wanted) {
        if (!game_.knows(coalition)) more.insert(coalition);
      }
      if (game_.evaluations() + std::ssize(more) > evaluations_) {
        left_.push_back(std::move(entry));
        continue;
      }
      unknown = std::move(more);
      divided.push_back(std::move(entry));
      asked.push_back(std::move(wanted));
    }
    if (divided.empty()) return false;
    game_(std::vector<Coalition>(unknown.begin(), unknown.end()));
    for (std::size_t i = 0; i < divided.size(); ++i) divide(divided[i], asked[i]);
    return true;
  }

  void divide(const Entry& entry, const std::vector<Coalition>& contexts) {
    const std::size_t count = entry.node->children.size();
    const std::vector<double> weights = shapley_weights(count);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t present = 0; present < contexts.size(); ++present) {
        if ((present >> i & 1U) != 0) continue;
        const auto size = static_cast<std::size_t>(std::popcount(present));
        add(entry.node->children[i], contexts[present], entry.weight * weights[size]);
      }
    }
  }

  Game& game_;
  std::int64_t evaluations_;
  std::int64_t made_ = 0;
  Solution solution_;
  std::priority_queue<Entry, std::vector<Entry>, Later> queue_;
  std::vector<Entry> left_;  // that no evaluations are left for
};

}  // namespace

Solution partition_shap(Game& game, const UnitTree& tree, std::int64_t evaluations) {
  if (game.players() == 0) {
    return {.scores = std::vector<std::vector<double>>(game.targets())};
  }
  return OwenSearch(game, evaluations).run(tree);
}

Parameters PartitionShap::parameters() const { return options().show(*this); }

MethodEntry PartitionShap::entry() {
  return options().complete({.name = "partition-shap",
                             .summary = "Owen values: Shapley values that keep sentences, phrases "
                                        "and words together",
                             .source = "Owen 1977, Values of games with a priori unions; Winter "
                                       "1989; Lundberg's Partition explainer",
                             .cost = "evaluations forwards (500), fewer for short texts",
                             .complete = true,
                             .perturbs = true});
}

void PartitionShap::check() const {
  check_usage(evaluations >= 2, "evaluations is {}, expected 2 or more", evaluations);
  check_usage(tree == "binary" || tree == "nary" || tree.starts_with("["),
              "tree is \"{}\", expected binary, nary or nested lists of units such as [[0,1],2]",
              tree);
}

Attribution PartitionShap::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  UnitTree root =
      tree.starts_with("[") ? parse_tree(tree, game.players()) : tree_of_text(evaluator);
  if (tree == "binary") root = halved(root, kMostInOneGame);
  return attribute(evaluator, game, partition_shap(game, root, evaluations), true);
}

}  // namespace pellucid
