// SPDX-License-Identifier: Apache-2.0
// Game: the units of a text as players. v(z) is the value of every target when only the coalition z
// is kept. Perturbation methods are functions of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pellucid/attributions/method.h"
#include "pellucid/base/philox.h"

namespace pellucid {

/// [players]: true is kept.
using Coalition = std::vector<bool>;

class Game {
 public:
  /// Values [coalitions][targets].
  using Play = std::function<Values(const std::vector<Coalition>&)>;
  using MakeDraws = std::function<Draws(Stream, std::uint32_t)>;

  /// The units that the model sees play; `evaluator` must outlive the game.
  Game(Evaluator& evaluator, const Replacement& replacement);
  /// A game of one's own.
  Game(std::size_t players, std::size_t targets, Play play, MakeDraws draws);

  std::size_t players() const { return players_; }
  std::size_t targets() const { return targets_; }
  Draws draws(Stream purpose, std::uint32_t probe) const { return draws_(purpose, probe); }

  /// Values [coalitions][targets]; equal coalitions, now or before, are played once.
  Values operator()(const std::vector<Coalition>& coalitions);
  const std::vector<double>& operator()(const Coalition& coalition);
  /// v(1) and v(0), [targets].
  const std::vector<double>& all() { return (*this)(Coalition(players_, true)); }
  const std::vector<double>& none() { return (*this)(Coalition(players_, false)); }
  /// This coalition has been played.
  bool knows(const Coalition& coalition) const { return known_.contains(coalition); }
  /// Coalitions played so far. A budget of evaluations bounds this number.
  std::int64_t evaluations() const { return static_cast<std::int64_t>(known_.size()); }

 private:
  std::size_t players_;
  std::size_t targets_;
  Play play_;
  MakeDraws draws_;
  std::unordered_map<Coalition, std::vector<double>> known_;
};

/// What a method finds out about a game.
struct Solution {
  std::vector<std::vector<double>> scores{};  ///< [targets][players]
  std::vector<std::vector<double>> errors{};  ///< standard errors of the scores; empty: exact
  bool converged = true;
  std::vector<std::string> warnings{};
};

/// v of every coalition, [targets][2^players]: player i is kept where bit i of the index is set.
std::vector<std::vector<double>> enumerate(Game& game);
/// For enumerate().
Coalition coalition_of(std::size_t index, std::size_t players);

/// The solution of a game of units as scores of units. complete: scores sum to v(1) - v(0).
Attribution attribute(Evaluator& evaluator, Game& game, const Solution& solution, bool complete);

/// Units of the text that play, in order: those that the model sees.
std::vector<std::size_t> players(const Evaluator& evaluator);

/// Scores of players [targets][players] as those of units [targets][units]; NaN where a unit does
/// not play.
std::vector<std::vector<double>> unit_scores(const Evaluator& evaluator,
                                             const std::vector<std::vector<double>>& scores);

}  // namespace pellucid
