// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/integrated_gradients.h"

#include <algorithm>

#include "pellucid/attributions/path_integral.h"
#include "pellucid/attributions/path_scores.h"
#include "pellucid/base/error.h"

namespace pellucid {

namespace {

constexpr double kAutoTolerance = 0.01;
constexpr std::int64_t kMostEvaluationsOfPaths = 1000;  // more than kMostGradients ask for

/// The rule's own name, or "refined" where points are added to the integral as a whole.
std::string shown_rule(const IntegratedGradients& method) {
  if (method.tolerance && method.rule != Rule::adaptive) return "refined";
  return std::string(name(method.rule));
}

OptionTable<IntegratedGradients> options() {
  using M = IntegratedGradients;
  return OptionTable<M>()
      .option(
          "steps", "1 or more, or auto", "points of the rule; auto is --tolerance 0.01",
          [](M& method, const std::string& text) {
            if (text == "auto") {
              method.tolerance = kAutoTolerance;
            } else {
              method.steps =
                  static_cast<int>(parse_whole("steps", text, 1, 1000000, "1 or more, or auto"));
            }
          },
          [](const M& method) {
            return method.tolerance ? Parameter("auto") : Parameter(std::int64_t{method.steps});
          })
      .number("tolerance", &M::tolerance, 1e-12, 1, "a number above 0, at most 1",
              "add points until gap and scores have settled within this share")
      .option(
          "rule",
          "gauss-legendre, riemann-left, riemann-right, riemann-middle, trapezoid or adaptive",
          "where the points lie and what they weigh",
          [](M& method, const std::string& text) { method.rule = parse_rule(text); },
          [](const M& method) { return Parameter(shown_rule(method)); })
      .baseline(&M::baseline, "start of the path")
      .reduce(&M::reduce)
      .layer(&M::layer)
      .number("evaluations", &M::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most");
}

/// Rows beside the steps: the input, the start, and for other layers what they hold at both.
std::int64_t rows_beside(const IntegratedGradients& method) {
  return method.layer == "embeddings" ? 2 : 4;
}

/// Options that contradict each other are refused, not ranked.
Method make(const MethodOptions& given) {
  const auto text = [&](const char* name) {
    const auto found = given.find(name);
    return found == given.end() ? std::string() : found->second;
  };
  const bool adaptive = text("rule") == "adaptive";
  const bool counted = !text("steps").empty() && text("steps") != "auto";
  check_usage(!adaptive || !counted, "the rule adaptive chooses its own steps: give --tolerance");
  check_usage(text("tolerance").empty() || !counted, "steps and tolerance exclude each other");
  IntegratedGradients method = options().read(given);
  if (adaptive && !method.tolerance) method.tolerance = kAutoTolerance;
  check_usage(!method.tolerance || adaptive || text("rule").empty(),
              "with a tolerance the points are chosen: rule is {}, expected adaptive or none",
              name(method.rule));
  if (method.evaluations && !method.tolerance) {
    const auto asked = counted ? std::optional<std::int64_t>(method.steps) : std::nullopt;
    method.steps = static_cast<int>(
        affordable(method.name(), method.evaluations, rows_beside(method), 1, asked, method.steps));
  }
  return method;
}

}  // namespace

Parameters IntegratedGradients::parameters() const { return options().show(*this); }

MethodEntry IntegratedGradients::entry() {
  MethodEntry entry = options().complete(
      {.name = "integrated-gradients",
       .summary = "integral of the gradient along the straight path from a baseline",
       .source = "Sundararajan et al. 2017, arXiv 1703.01365",
       .cost = "steps + 2 forwards, steps VJPs",
       .complete = true,
       .perturbs = false});
  entry.make = make;
  return entry;
}

void IntegratedGradients::check() const {
  if (!tolerance) quadrature(rule, steps);  // refuses what cannot be
}

Attribution IntegratedGradients::operator()(Evaluator& evaluator) const {
  const Path path = evaluator.straight_path(baseline, layer);
  const bool sums_are_enough = reduce == Reduce::dot && !evaluator.keeps_gradients();
  const std::int64_t beside = rows_beside(*this);
  PathIntegral integral;
  if (!tolerance) {
    const std::int64_t count = affordable(name(), evaluations, beside, 1, steps, steps);
    integral = integrate(evaluator, path, quadrature(rule, static_cast<int>(count)));
  } else if (rule == Rule::adaptive || !sums_are_enough) {
    // Five gradients and a value for each panel, and the values at both ends.
    check_budget(name(), evaluations, beside + 7);
    const std::int64_t rows = evaluations.value_or(kMostEvaluationsOfPaths) - beside - 1;
    integral =
        integrate_panels(evaluator, path, *tolerance, std::min(kMostGradients, rows / 6 * 5));
  } else {
    check_budget(name(), evaluations, beside + 8);
    const std::int64_t rows = evaluations.value_or(kMostEvaluationsOfPaths) - beside + 1;
    integral = integrate_refined(evaluator, path, *tolerance, std::min(kMostGradients, rows));
  }
  Attribution result;
  result.complete = reduce == Reduce::dot;
  result.is_signed = is_signed(reduce);
  result.converged = integral.converged;
  if (!integral.converged) {
    evaluator.warn("the integral has not settled within the tolerance: the path is too steep");
  }
  result.baseline_values = std::move(integral.start);
  result.token_scores =
      result.complete ? std::move(integral.dots) : path_scores(reduce, *integral.gradients, path);
  result.gradients = std::move(integral.gradients);
  return result;
}

}  // namespace pellucid
