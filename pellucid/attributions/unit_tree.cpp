// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/unit_tree.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "pellucid/attributions/game.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr int kDeepest = 100;

/// groups[level][player]: the group that the player is in, from the widest level.
using Groups = std::vector<std::vector<std::int64_t>>;

UnitTree divide(const std::vector<std::size_t>& players, const Groups& groups, std::size_t level) {
  if (players.size() == 1) return UnitTree::of(players.front());
  std::vector<UnitTree> children;
  if (level == groups.size()) {
    for (const std::size_t player : players) children.push_back(UnitTree::of(player));
    return UnitTree::above(std::move(children));
  }
  std::vector<std::size_t> run;
  for (const std::size_t player : players) {
    if (!run.empty() && groups[level][run.back()] != groups[level][player]) {
      children.push_back(divide(run, groups, level + 1));
      run.clear();
    }
    run.push_back(player);
  }
  children.push_back(divide(run, groups, level + 1));
  return UnitTree::above(std::move(children));
}

std::vector<UnitTree> in_halves(std::vector<UnitTree> nodes) {
  if (nodes.size() <= 2) return nodes;
  const auto middle = nodes.begin() + static_cast<std::ptrdiff_t>((nodes.size() + 1) / 2);
  std::vector<UnitTree> first(nodes.begin(), middle), second(middle, nodes.end());
  return {UnitTree::above(in_halves(std::move(first))),
          UnitTree::above(in_halves(std::move(second)))};
}

class TreeParser {
 public:
  TreeParser(std::string_view text, std::size_t players)
      : text_(text), left_(text), seen_(players, false) {}

  UnitTree parse() {
    UnitTree tree = node(0);
    skip_blanks();
    if (!left_.empty()) refuse();
    const auto missing = std::find(seen_.begin(), seen_.end(), false);
    check_usage(missing == seen_.end(), "tree {}: unit {} of {} is not in it", quote(text_),
                missing - seen_.begin(), seen_.size());
    return tree;
  }

 private:
  UnitTree node(int depth) {
    skip_blanks();
    if (!take('[')) return leaf();
    if (depth > kDeepest) refuse();
    std::vector<UnitTree> children{node(depth + 1)};
    while (take(',')) children.push_back(node(depth + 1));
    if (!take(']')) refuse();
    return UnitTree::above(std::move(children));
  }

  UnitTree leaf() {
    std::size_t player = 0;
    const auto [end, problem] = std::from_chars(left_.data(), left_.data() + left_.size(), player);
    if (problem != std::errc()) refuse();
    check_usage(player < seen_.size(), "tree {}: unit {}, expected 0 to {}", quote(text_), player,
                static_cast<std::int64_t>(seen_.size()) - 1);
    check_usage(!seen_[player], "tree {}: unit {} is in it twice", quote(text_), player);
    seen_[player] = true;
    left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
    return UnitTree::of(player);
  }

  bool take(char wanted) {
    skip_blanks();
    if (left_.empty() || left_.front() != wanted) return false;
    left_.remove_prefix(1);
    return true;
  }

  void skip_blanks() {
    while (!left_.empty() && left_.front() == ' ') left_.remove_prefix(1);
  }

  [[noreturn]] void refuse() const {
    fail_usage("tree is {}, expected binary, nary or nested lists of units such as [[0,1],2]",
               quote(text_));
  }

  std::string_view text_, left_;
  std::vector<bool> seen_;
};

}  // namespace

UnitTree UnitTree::above(std::vector<UnitTree> children) {
  if (children.size() == 1) return std::move(children.front());
  UnitTree node;
  for (const UnitTree& child : children) {
    node.leaves.insert(node.leaves.end(), child.leaves.begin(), child.leaves.end());
  }
  node.children = std::move(children);
  return node;
}

UnitTree tree_of_text(const Evaluator& evaluator) {
  const std::vector<std::size_t> places = players(evaluator);
  const auto& units = evaluator.units().units;
  Groups groups(1);
  for (const std::size_t place : places) groups[0].push_back(units[place].segment);
  for (const Unit kind : {Unit::paragraph, Unit::sentence, Unit::phrase, Unit::word}) {
    const auto unit_of = evaluator.units_of_kind(kind).unit_of_token(evaluator.tokens());
    auto& level = groups.emplace_back();
    for (const std::size_t place : places) {
      // A unit that reaches over several groups, such as a user's span, goes with its first token.
      const auto first = static_cast<std::size_t>(units[place].tokens.front());
      level.push_back(unit_of[first].value_or(-1));
    }
  }
  std::vector<std::size_t> all(places.size());
  std::iota(all.begin(), all.end(), 0U);
  return all.empty() ? UnitTree{} : divide(all, groups, 0);
}

UnitTree halved(const UnitTree& tree, std::size_t most) {
  if (tree.children.empty()) return tree;
  std::vector<UnitTree> children;
  for (const UnitTree& child : tree.children) children.push_back(halved(child, most));
  if (children.size() > most) children = in_halves(std::move(children));
  return UnitTree::above(std::move(children));
}

UnitTree parse_tree(std::string_view text, std::size_t players) {
  return TreeParser(text, players).parse();
}

}  // namespace pellucid
