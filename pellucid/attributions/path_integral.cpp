// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/path_integral.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace pellucid {
namespace {

using Dots = std::vector<std::vector<double>>;  // [targets][tokens]

constexpr int kFewestIntervals = 4;
constexpr int kMostIntervals = 256;
constexpr int kPanelPoints = 5;

Dots no_dots(const Evaluator& evaluator) {
  return Dots(static_cast<std::size_t>(evaluator.target_count()),
              std::vector<double>(static_cast<std::size_t>(evaluator.tokens())));
}

void add_dots(Dots& sum, double weight, const Dots& added) {
  for (std::size_t t = 0; t < sum.size(); ++t) {
    for (std::size_t i = 0; i < sum[t].size(); ++i) sum[t][i] += weight * added[t][i];
  }
}

/// g_i . (to_i - from_i) for every target and token.
Dots path_dots(const Path& path, const GradientView& gradients, std::int64_t targets) {
  Dots dots(static_cast<std::size_t>(targets));
  for (std::int64_t t = 0; t < targets; ++t) {
    for (std::int64_t i = 0; i < gradients.tokens; ++i) {
      const float* g = gradients.row(t, i);
      const float* from = path.from.row(i);
      const float* to = path.to.row(i);
      double sum = 0;
      for (std::int64_t h = 0; h < gradients.hidden; ++h) {
        sum += double{g[h]} * (double{to[h]} - double{from[h]});
      }
      dots[static_cast<std::size_t>(t)].push_back(sum);
    }
  }
  return dots;
}

/// The same for a sum of gradients.
Dots path_dots(const Path& path, const GradientSum& gradients) {
  Dots dots(static_cast<std::size_t>(gradients.targets()));
  for (std::int64_t t = 0; t < gradients.targets(); ++t) {
    for (std::int64_t i = 0; i < gradients.tokens(); ++i) {
      const std::span<const double> g = gradients.row(t, i);
      double sum = 0;
      for (std::size_t h = 0; h < g.size(); ++h) {
        sum += g[h] * (double{path.to.row(i)[h]} - double{path.from.row(i)[h]});
      }
      dots[static_cast<std::size_t>(t)].push_back(sum);
    }
  }
  return dots;
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

double scale(const Evaluator& evaluator, std::size_t target, double change) {
  return std::max(std::abs(change), 0.01 * evaluator.spread(static_cast<std::int64_t>(target)));
}

bool settled(const Evaluator& evaluator, const Dots& now, const Dots& before,
             const std::vector<double>& start, const std::vector<double>& end, double tolerance) {
  for (std::size_t t = 0; t < now.size(); ++t) {
    const double change = end[t] - start[t];
    if (std::abs(total(now[t]) - change) > tolerance * scale(evaluator, t, change)) return false;
    double moved = 0;
    for (std::size_t i = 0; i < now[t].size(); ++i) {
      moved = std::max(moved, std::abs(now[t][i] - before[t][i]));
    }
    if (moved > tolerance * largest(now[t])) return false;
  }
  return true;
}

struct Panel {
  double begin;
  double end;
  std::vector<double> value_begin;  // targets at `begin`
  std::vector<double> value_end;
};

bool panel_settled(const Evaluator& evaluator, const Panel& panel, const Dots& dots,
                   const std::vector<double>& change, double tolerance) {
  const double length = panel.end - panel.begin;
  for (std::size_t t = 0; t < dots.size(); ++t) {
    const double gap = std::abs(total(dots[t]) - (panel.value_end[t] - panel.value_begin[t]));
    if (gap > tolerance * scale(evaluator, t, change[t]) * length) return false;
  }
  return true;
}

}  // namespace

PathIntegral integrate(Evaluator& evaluator, const Path& path, const Quadrature& rule) {
  PathIntegral result;
  GradientSum sum(evaluator.target_count(), evaluator.tokens(), path.from.width());
  Values start;
  evaluator.ask_values(path, {0.0}, start);
  evaluator.ask_gradients(path, rule.nodes,
                          [&](std::size_t k, std::span<const double>, const GradientView& g) {
                            sum.add(rule.weights[k], g);
                          });
  evaluator.run();
  result.start = start.front();
  result.dots = path_dots(path, sum);
  result.gradients = std::move(sum);
  return result;
}

PathIntegral integrate_doubling(Evaluator& evaluator, const Path& path, double tolerance) {
  PathIntegral result;
  std::vector<Dots> nodes;  // at the nodes of the present level
  std::vector<double> end;
  for (int intervals = kFewestIntervals; intervals <= kMostIntervals; intervals *= 2) {
    const Quadrature rule = clenshaw_curtis(intervals);
    const std::vector<Dots> coarse = std::exchange(nodes, std::vector<Dots>(rule.nodes.size()));
    std::vector<double> alphas;
    std::vector<std::size_t> places;
    for (std::size_t k = 0; k < rule.nodes.size(); ++k) {
      if (!coarse.empty() && k % 2 == 0) {
        nodes[k] = coarse[k / 2];
        continue;
      }
      alphas.push_back(rule.nodes[k]);
      places.push_back(k);
    }
    evaluator.ask_gradients(
        path, alphas, [&](std::size_t k, std::span<const double> values, const GradientView& g) {
          nodes[places[k]] = path_dots(path, g, evaluator.target_count());
          if (places[k] == 0) result.start.assign(values.begin(), values.end());
          if (places[k] + 1 == nodes.size()) end.assign(values.begin(), values.end());
        });
    evaluator.run();
    const Dots before = std::exchange(result.dots, no_dots(evaluator));
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      add_dots(result.dots, rule.weights[k], nodes[k]);
    }
    // Nothing stands before the first level.
    result.converged = intervals > kFewestIntervals &&
                       settled(evaluator, result.dots, before, result.start, end, tolerance);
    if (result.converged) break;
  }
  return result;
}

PathIntegral integrate_panels(Evaluator& evaluator, const Path& path, double tolerance) {
  PathIntegral result;
  result.dots = no_dots(evaluator);
  GradientSum sum(evaluator.target_count(), evaluator.tokens(), path.from.width());
  Values ends;
  evaluator.ask_values(path, {0.0, 1.0}, ends);
  evaluator.run();
  result.start = ends[0];
  std::vector<double> change(ends[0].size());
  for (std::size_t t = 0; t < change.size(); ++t) change[t] = ends[1][t] - ends[0][t];
  const Quadrature rule = quadrature(Rule::gauss_legendre, kPanelPoints);
  std::vector<Panel> open{{0, 1, ends[0], ends[1]}};  // the leftmost is the last
  for (int gradients = 0; !open.empty(); gradients += kPanelPoints) {
    const Panel panel = std::move(open.back());
    open.pop_back();
    const double length = panel.end - panel.begin;
    const double middle = panel.begin + length / 2;
    GradientSum part(evaluator.target_count(), evaluator.tokens(), path.from.width());
    std::vector<double> alphas;
    for (const double node : rule.nodes) alphas.push_back(panel.begin + length * node);
    Values at_middle;
    evaluator.ask_values(path, {middle}, at_middle);
    evaluator.ask_gradients(path, alphas,
                            [&](std::size_t k, std::span<const double>, const GradientView& g) {
                              part.add(length * rule.weights[k], g);
                            });
    evaluator.run();
    const Dots dots = path_dots(path, part);
    const bool accepted = panel_settled(evaluator, panel, dots, change, tolerance);
    // This panel, its halves, and those that wait.
    const int at_least = gradients + kPanelPoints * (static_cast<int>(open.size()) + 3);
    if (accepted || at_least > kMostIntervals) {
      result.converged = result.converged && accepted;
      sum.add(part);
      add_dots(result.dots, 1, dots);
      continue;
    }
    open.push_back({middle, panel.end, at_middle.front(), panel.value_end});
    open.push_back({panel.begin, middle, panel.value_begin, at_middle.front()});
  }
  result.gradients = std::move(sum);
  return result;
}

}  // namespace pellucid
