// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/smallest_set.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace pellucid {
namespace {

constexpr std::size_t kPaired = 32;    // strongest players whose pairs are all tried
constexpr std::size_t kExtended = 16;  // strongest players that a beam is extended by
constexpr std::size_t kLargest = 8;    // sets of a beam

PlayerSet with(PlayerSet set, std::size_t player) {
  set.insert(std::lower_bound(set.begin(), set.end(), player), player);
  return set;
}

class Search {
 public:
  Search(std::size_t players, std::size_t beam, const Nearness& nearness)
      : players_(players), beam_(beam), nearness_(nearness) {}

  SmallestSet run() {
    if (tries({PlayerSet{}})) return best_;
    std::vector<PlayerSet> sets;
    for (std::size_t i = 0; i < players_; ++i) sets.push_back({i});
    const bool one = tries(sets);
    rank();  // by what each does alone
    if (one || tries(pairs()) || grow() || tries_in_order()) {
      best_.players = pruned(best_.players, {order_.rbegin(), order_.rend()}, nearness_);
    }
    return best_;
  }

 private:
  /// Keeps the nearest. True: it reaches the goal.
  bool tries(const std::vector<PlayerSet>& sets) {
    if (sets.empty()) return false;
    tried_ = sets;
    near_ = nearness_(sets);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (is_new_ || near_[i] > nearest_) {
        is_new_ = false;
        nearest_ = near_[i];
        best_ = {nearest_ > 0, sets[i]};
      }
    }
    return best_.found;
  }

  void rank() {
    order_.resize(players_);
    std::iota(order_.begin(), order_.end(), 0U);
    std::stable_sort(order_.begin(), order_.end(),
                     [this](std::size_t a, std::size_t b) { return near_[a] > near_[b]; });
  }

  std::vector<PlayerSet> pairs() const {
    std::vector<PlayerSet> sets;
    for (std::size_t i = 0; i < std::min(players_, kPaired); ++i) {
      for (std::size_t j = 0; j < i; ++j) sets.push_back(with({order_[i]}, order_[j]));
    }
    return sets;
  }

  bool grow() {
    for (std::size_t size = 3; size <= std::min(kLargest, players_); ++size) {
      std::vector<std::size_t> places(tried_.size());
      std::iota(places.begin(), places.end(), 0U);
      std::stable_sort(places.begin(), places.end(),
                       [this](std::size_t a, std::size_t b) { return near_[a] > near_[b]; });
      std::set<PlayerSet> sets;
      for (std::size_t i = 0; i < std::min(beam_, places.size()); ++i) {
        const PlayerSet& base = tried_[places[i]];
        for (std::size_t j = 0; j < std::min(players_, kExtended); ++j) {
          if (!std::binary_search(base.begin(), base.end(), order_[j])) {
            sets.insert(with(base, order_[j]));
          }
        }
      }
      if (tries({sets.begin(), sets.end()})) return true;
    }
    return false;
  }

  /// The strongest three, four ... all; the first that reaches the goal.
  bool tries_in_order() {
    std::vector<PlayerSet> sets;
    PlayerSet set;
    for (const std::size_t player : order_) {
      set = with(set, player);
      if (set.size() > 2) sets.push_back(set);
    }
    if (sets.empty()) return false;
    const std::vector<double> near = nearness_(sets);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (near[i] > nearest_) {
        nearest_ = near[i];
        best_ = {nearest_ > 0, sets[i]};
      }
      if (best_.found) return true;
    }
    return false;
  }

  std::size_t players_, beam_;
  const Nearness& nearness_;
  std::vector<std::size_t> order_;  // strongest first
  std::vector<PlayerSet> tried_;    // last
  std::vector<double> near_;        // of those
  bool is_new_ = true;
  double nearest_ = 0;
  SmallestSet best_;
};

}  // namespace

SmallestSet smallest_set(std::size_t players, std::size_t beam, const Nearness& nearness) {
  return Search(players, beam, nearness).run();
}

PlayerSet pruned(PlayerSet set, const std::vector<std::size_t>& order, const Nearness& nearness) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (const std::size_t player : order) {
      const auto place = std::lower_bound(set.begin(), set.end(), player);
      if (place == set.end() || *place != player) continue;
      PlayerSet less = set;
      less.erase(less.begin() + (place - set.begin()));
      if (nearness({less}).front() > 0) {
        set = std::move(less);
        changed = true;
      }
    }
  }
  return set;
}

}  // namespace pellucid
