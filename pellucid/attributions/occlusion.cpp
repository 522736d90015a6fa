// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/occlusion.h"

#include <algorithm>

#include "pellucid/attributions/game.h"
#include "pellucid/base/error.h"
#include "pellucid/base/names.h"

namespace pellucid {
namespace {

struct Range {
  std::size_t begin;
  std::size_t end;
};

/// Windows over `size` units; every unit is covered.
std::vector<Range> windows(std::size_t size, std::size_t window, std::size_t stride) {
  std::vector<Range> found;
  window = std::min(window, size);
  for (std::size_t begin = 0; begin + window < size; begin += stride) {
    found.push_back({begin, begin + window});
  }
  if (size > 0) found.push_back({size - window, size});
  return found;
}

constexpr Names<OcclusionMode, 2> kModes{{{OcclusionMode::leave_one_out, "leave-one-out"},
                                          {OcclusionMode::leave_one_in, "leave-one-in"}}};

OcclusionMode parse_mode(std::string_view text) { return parse_name(kModes, "mode", text); }

OptionTable<Occlusion> options() {
  return OptionTable<Occlusion>()
      .number("window", &Occlusion::window, 1, 1e6, "1 or more", "units replaced together")
      .number("stride", &Occlusion::stride, 1, 1e6, "1 to the window",
              "units between the starts of windows")
      .flag("share", &Occlusion::share, "divide each effect by the size of its window")
      .choice("mode", &Occlusion::mode, parse_mode, "leave-one-out or leave-one-in",
              "replace the window, or all but the window")
      .replacement(&Occlusion::replacement);
}

}  // namespace

std::string_view name(OcclusionMode mode) { return find_name(kModes, mode); }

Parameters Occlusion::parameters() const { return options().show(*this); }

MethodEntry Occlusion::entry() {
  return options().complete({.name = "occlusion",
                             .summary = "how much the target falls when units are replaced",
                             .source = "Zeiler, Fergus 2013, arXiv 1311.2901",
                             .cost = "units + 1 forwards",
                             .complete = false,
                             .perturbs = true});
}

void Occlusion::check() const {
  check_usage(window >= 1, "window is {}, expected 1 or more", window);
  check_usage(1 <= stride && stride <= window, "stride is {}, expected 1 to the window, {}", stride,
              window);
}

Attribution Occlusion::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  const std::size_t players = game.players();
  const std::vector<Range> ranges =
      windows(players, static_cast<std::size_t>(window), static_cast<std::size_t>(stride));
  const bool alone = mode == OcclusionMode::leave_one_in;
  std::vector<Coalition> variants(ranges.size(), Coalition(players, !alone));
  for (std::size_t w = 0; w < ranges.size(); ++w) {
    for (std::size_t i = ranges[w].begin; i < ranges[w].end; ++i) variants[w][i] = alone;
  }
  const Values values = game(variants);
  std::vector<std::vector<double>> scores(game.targets(), std::vector<double>(players));
  for (std::size_t t = 0; t < game.targets(); ++t) {
    for (std::size_t i = 0; i < players; ++i) {
      double sum = 0;
      int covered = 0;
      for (std::size_t w = 0; w < ranges.size(); ++w) {
        if (i < ranges[w].begin || i >= ranges[w].end) continue;
        const auto size = static_cast<double>(ranges[w].end - ranges[w].begin);
        const double effect = alone ? values[w][t] - game.none()[t] : game.all()[t] - values[w][t];
        sum += effect / (share ? size : 1.0);
        ++covered;
      }
      scores[t][i] = sum / covered;
    }
  }
  return {.unit_scores = unit_scores(evaluator, scores)};
}

}  // namespace pellucid
