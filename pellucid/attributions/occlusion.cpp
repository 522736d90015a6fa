// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/occlusion.h"

#include <algorithm>
#include <limits>

#include "pellucid/base/error.h"

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

OptionTable<Occlusion> options() {
  return OptionTable<Occlusion>()
      .number("window", &Occlusion::window, 1, 1e6, "1 or more", "units replaced together")
      .number("stride", &Occlusion::stride, 1, 1e6, "1 to the window",
              "units between the starts of windows")
      .flag("share", &Occlusion::share, "divide each effect by the size of its window")
      .replacement(&Occlusion::replacement);
}

}  // namespace

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
  const auto& units = evaluator.units().units;
  std::vector<std::size_t> seen;  // units that the model sees
  for (std::size_t u = 0; u < units.size(); ++u) {
    if (!units[u].tokens.empty()) seen.push_back(u);
  }
  const std::vector<Range> ranges =
      windows(seen.size(), static_cast<std::size_t>(window), static_cast<std::size_t>(stride));
  std::vector<std::vector<bool>> kept(ranges.size(), std::vector<bool>(units.size(), true));
  for (std::size_t w = 0; w < ranges.size(); ++w) {
    for (std::size_t i = ranges[w].begin; i < ranges[w].end; ++i) kept[w][seen[i]] = false;
  }
  Values without;
  evaluator.ask_without(kept, replacement, without);
  evaluator.run();
  Attribution result;
  for (std::size_t t = 0; t < evaluator.targets().size(); ++t) {
    std::vector<double> scores(units.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < seen.size(); ++i) {
      double sum = 0;
      int covered = 0;
      for (std::size_t w = 0; w < ranges.size(); ++w) {
        if (i < ranges[w].begin || i >= ranges[w].end) continue;
        const auto size = static_cast<double>(ranges[w].end - ranges[w].begin);
        sum += (evaluator.values()[t] - without[w][t]) / (share ? size : 1.0);
        ++covered;
      }
      scores[seen[i]] = sum / covered;
    }
    result.unit_scores.push_back(std::move(scores));
  }
  return result;
}

}  // namespace pellucid
