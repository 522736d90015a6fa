// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/integrated_gradients.h"

#include "pellucid/attributions/path_integral.h"
#include "pellucid/attributions/path_scores.h"
#include "pellucid/base/error.h"

namespace pellucid {

Parameters IntegratedGradients::parameters() const {
  Parameters shown;
  if (tolerance) {
    shown.emplace_back("steps", std::string("auto"));
    shown.emplace_back("tolerance", *tolerance);
  } else {
    shown.emplace_back("steps", std::int64_t{steps});
  }
  if (!tolerance || rule == Rule::adaptive) {
    shown.emplace_back("rule", std::string(pellucid::name(rule)));
  } else {
    shown.emplace_back("rule", std::string("refined"));
  }
  shown.emplace_back("baseline", baseline.name());
  shown.emplace_back("reduce", std::string(pellucid::name(reduce)));
  shown.emplace_back("layer", layer);
  return shown;
}

Attribution IntegratedGradients::operator()(Evaluator& evaluator) const {
  const Path path = evaluator.straight_path(baseline, layer);
  const bool sums_are_enough = reduce == Reduce::dot && !evaluator.keeps_gradients();
  PathIntegral integral;
  if (!tolerance) {
    integral = integrate(evaluator, path, quadrature(rule, steps));
  } else if (rule == Rule::adaptive || !sums_are_enough) {
    integral = integrate_panels(evaluator, path, *tolerance);
  } else {
    integral = integrate_refined(evaluator, path, *tolerance);
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
