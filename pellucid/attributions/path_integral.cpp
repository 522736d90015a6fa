// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/path_integral.h"

#include <cmath>
#include <utility>

#include "pellucid/attributions/path_dots.h"

namespace pellucid {
namespace {

constexpr int kPanelPoints = 5;

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
    const double gap = std::abs(dots_total(dots[t]) - (panel.value_end[t] - panel.value_begin[t]));
    if (gap > tolerance * change_scale(evaluator, t, change[t]) * length) return false;
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

PathIntegral integrate_panels(Evaluator& evaluator, const Path& path, double tolerance,
                              std::int64_t most) {
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
    if (accepted || at_least > most) {
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
