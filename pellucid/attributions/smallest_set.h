// SPDX-License-Identifier: Apache-2.0
// The smallest set of players that reaches a goal: every one of up to two, then a beam of growing
// sets, then the strongest in order; and of what is found no player can be spared.
#pragma once

#include <functional>

#include "pellucid/attributions/game.h"

namespace pellucid {

/// Players, ascending.
using PlayerSet = std::vector<std::size_t>;
/// How near each set is to the goal: over 0 reaches it.
using Nearness = std::function<std::vector<double>(const std::vector<PlayerSet>&)>;

struct SmallestSet {
  bool found = false;
  PlayerSet players;  ///< the nearest, when nothing reaches the goal
};

SmallestSet smallest_set(std::size_t players, std::size_t beam, const Nearness& nearness);

/// Without any player that can be spared, tried in this order again and again.
PlayerSet pruned(PlayerSet set, const std::vector<std::size_t>& order, const Nearness& nearness);

}  // namespace pellucid
