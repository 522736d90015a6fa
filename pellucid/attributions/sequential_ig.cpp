// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/sequential_ig.h"

#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::int64_t kSteps = 16;

OptionTable<SequentialIntegratedGradients> options() {
  using M = SequentialIntegratedGradients;
  return OptionTable<M>()
      .option(
          "steps", "1 or more", "points on each unit's path",
          [](M& method, const std::string& text) {
            method.steps = parse_whole("steps", text, 1, kMostSamples, "1 or more");
          },
          [](const M& method) {
            return shown_count(method.steps, kSteps, method.evaluations.has_value());
          })
      .choice("rule", &M::rule, parse_rule,
              "gauss-legendre, riemann-left, riemann-right, riemann-middle or trapezoid",
              "where the points lie and what they weigh")
      .baseline(&M::baseline, "start of the paths")
      .reduce(&M::reduce)
      .layer(&M::layer)
      .number("evaluations", &M::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most");
}

/// Units that the model sees: the places of their tokens.
std::vector<const std::vector<std::int64_t>*> seen_units(const Evaluator& evaluator) {
  std::vector<const std::vector<std::int64_t>*> units;
  for (const TextUnit& unit : evaluator.units().units) {
    if (!unit.tokens.empty()) units.push_back(&unit.tokens);
  }
  return units;
}

}  // namespace

Parameters SequentialIntegratedGradients::parameters() const { return options().show(*this); }

MethodEntry SequentialIntegratedGradients::entry() {
  return options().complete(
      {.name = "sequential-ig",
       .summary = "integrated gradients with a path of its own for every unit",
       .source = "Enguehard 2023, arXiv 2305.15853",
       .cost = "steps x units + 1 forwards, steps x units VJPs",
       .complete = false,
       .perturbs = false});
}

void SequentialIntegratedGradients::check() const {
  check_usage(rule != Rule::adaptive, "rule adaptive: sequential-ig has fixed points");
  quadrature(rule, static_cast<int>(steps.value_or(kSteps)));
}

Attribution SequentialIntegratedGradients::operator()(Evaluator& evaluator) const {
  const auto units = seen_units(evaluator);
  const auto count = static_cast<std::int64_t>(units.size());
  const std::int64_t fixed = layer == "embeddings" ? 1 : 3;
  const Quadrature points = quadrature(
      rule, static_cast<int>(affordable(name(), evaluations, fixed,
                                        std::max<std::int64_t>(1, count), steps, kSteps)));
  const auto nodes = static_cast<std::int64_t>(points.nodes.size());
  const Path path = evaluator.straight_path(baseline, layer);
  const auto width = static_cast<std::size_t>(path.to.width());
  const auto targets = static_cast<std::size_t>(evaluator.target_count());
  const auto tokens = static_cast<std::size_t>(evaluator.tokens());
  std::vector<double> sums(targets * tokens * width);
  evaluator.ask_gradients(
      layer, nodes * count,
      [&](std::int64_t probe, float* rows) {
        std::copy_n(path.to.data(), path.to.size(), rows);
        const auto alpha =
            static_cast<float>(points.nodes[static_cast<std::size_t>(probe % nodes)]);
        for (const std::int64_t token : *units[static_cast<std::size_t>(probe / nodes)]) {
          const float* from = path.from.row(token);
          const float* to = path.to.row(token);
          float* row = rows + token * path.to.width();
          for (std::size_t h = 0; h < width; ++h) row[h] = from[h] + alpha * (to[h] - from[h]);
        }
      },
      [&](std::size_t probe, std::span<const double>, const GradientView& g) {
        const double weight = points.weights[probe % points.nodes.size()];
        for (std::size_t t = 0; t < targets; ++t) {
          for (const std::int64_t token : *units[probe / points.nodes.size()]) {
            const float* row = g.row(static_cast<std::int64_t>(t), token);
            double* sum = sums.data() + (t * tokens + static_cast<std::size_t>(token)) * width;
            for (std::size_t h = 0; h < width; ++h) {
              sum[h] += weight * double{row[h]} *
                        (double{path.to.row(token)[h]} - double{path.from.row(token)[h]});
            }
          }
        }
      });
  evaluator.run();
  Attribution result;
  result.is_signed = is_signed(reduce);
  for (std::size_t t = 0; t < targets; ++t) {
    auto& scores = result.token_scores.emplace_back();
    for (std::size_t i = 0; i < tokens; ++i) {
      scores.push_back(pellucid::reduce(reduce, {&sums[(t * tokens + i) * width], width}));
    }
  }
  return result;
}

}  // namespace pellucid
