// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/discretized_ig.h"

#include <algorithm>

#include "pellucid/attributions/monotone_paths.h"
#include "pellucid/attributions/quadrature.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr std::int64_t kPoints = 30;
constexpr int kInside = 5;

Anchor parse_anchor(std::string_view text) {
  if (text == "greedy") return Anchor::greedy;
  if (text == "maxcount") return Anchor::maxcount;
  fail_usage("anchor is {}, expected greedy or maxcount", quote(std::string(text)));
}

SegmentRule parse_segment_rule(std::string_view text) {
  if (text == "gauss-legendre") return SegmentRule::gauss_legendre;
  if (text == "left") return SegmentRule::left;
  fail_usage("rule is {}, expected gauss-legendre or left", quote(std::string(text)));
}

OptionTable<DiscretizedIntegratedGradients> options() {
  using M = DiscretizedIntegratedGradients;
  return OptionTable<M>()
      .option(
          "steps", "2 or more", "points of the path, ends included",
          [](M& method, const std::string& text) {
            method.steps = parse_whole("steps", text, 2, kMostSamples, "2 or more");
          },
          [](const M& method) {
            return shown_count(method.steps, kPoints, method.evaluations.has_value());
          })
      .choice("anchor", &M::anchor, parse_anchor, "greedy or maxcount",
              "which of the near words comes next")
      .choice("rule", &M::rule, parse_segment_rule, "gauss-legendre or left",
              "five points in every segment, or its left end")
      .number("neighbours", &M::neighbours, 1, 1e6, "1 or more", "words looked at each time")
      .baseline(&M::baseline, "start of the path")
      .reduce(&M::reduce)
      .number("evaluations", &M::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most");
}

}  // namespace

std::string_view name(Anchor anchor) { return anchor == Anchor::greedy ? "greedy" : "maxcount"; }
std::string_view name(SegmentRule rule) {
  return rule == SegmentRule::left ? "left" : "gauss-legendre";
}

Parameters DiscretizedIntegratedGradients::parameters() const { return options().show(*this); }

MethodEntry DiscretizedIntegratedGradients::entry() {
  return options().complete({.name = "discretized-ig",
                             .summary = "integral of the gradient along a path by way of words",
                             .source = "Sanyal and Ren 2021, arXiv 2108.13654",
                             .cost = "5 (steps - 1) + 2 forwards, 5 (steps - 1) VJPs",
                             .complete = true,
                             .perturbs = false});
}

void DiscretizedIntegratedGradients::check() const {
  check_usage(!steps || *steps >= 2, "steps is {}, expected 2 or more", *steps);
}

Attribution DiscretizedIntegratedGradients::operator()(Evaluator& evaluator) const {
  const bool left = rule == SegmentRule::left;
  const Quadrature inside =
      left ? quadrature(Rule::riemann_left, 1) : quadrature(Rule::gauss_legendre, kInside);
  const auto nodes = static_cast<std::int64_t>(inside.nodes.size());
  const auto asked = steps ? std::optional(*steps - 1) : std::nullopt;
  const std::int64_t segments =
      affordable(name(), evaluations, left ? 1 : 2, nodes, asked, kPoints - 1);
  const Path path = evaluator.straight_path(baseline);
  const std::vector<Tensor> points = monotone_paths(evaluator, path,
                                                    {.points = segments + 1,
                                                     .neighbours = neighbours,
                                                     .most_coordinates = anchor == Anchor::maxcount,
                                                     .from_words = left});
  const auto width = static_cast<std::size_t>(path.to.width());
  const auto rows = static_cast<std::size_t>(evaluator.tokens());
  const auto targets = static_cast<std::size_t>(evaluator.target_count());
  std::vector<double> sums(targets * rows * width);
  Values start;
  if (!left) evaluator.ask_values(path, {0.0}, start);
  evaluator.ask_gradients(
      "embeddings", segments * nodes,
      [&](std::int64_t probe, float* to) {
        const Tensor& a = points[static_cast<std::size_t>(probe / nodes)];
        const Tensor& b = points[static_cast<std::size_t>(probe / nodes) + 1];
        const auto t = static_cast<float>(inside.nodes[static_cast<std::size_t>(probe % nodes)]);
        for (std::int64_t i = 0; i < a.size(); ++i) {
          to[i] = a.data()[i] + t * (b.data()[i] - a.data()[i]);
        }
      },
      [&](std::size_t probe, std::span<const double>, const GradientView& g) {
        const float* a = points[probe / inside.nodes.size()].data();
        const float* b = points[probe / inside.nodes.size() + 1].data();
        const double weight = inside.weights[probe % inside.nodes.size()];
        for (std::size_t t = 0; t < targets; ++t) {
          const float* gradient = g.row(static_cast<std::int64_t>(t), 0);
          double* sum = sums.data() + t * rows * width;
          for (std::size_t i = 0; i < rows * width; ++i) {
            sum[i] += weight * double{gradient[i]} * (double{b[i]} - double{a[i]});
          }
        }
      });
  evaluator.run();
  Attribution result;
  result.complete = !left && reduce == Reduce::dot;
  result.remedy = "more --steps bring them closer";
  result.is_signed = is_signed(reduce);
  if (!left) result.baseline_values = start.front();
  for (std::size_t t = 0; t < targets; ++t) {
    auto& scores = result.token_scores.emplace_back();
    for (std::size_t i = 0; i < rows; ++i) {
      scores.push_back(pellucid::reduce(reduce, {&sums[(t * rows + i) * width], width}));
    }
  }
  return result;
}

}  // namespace pellucid
