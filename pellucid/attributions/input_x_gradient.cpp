// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/input_x_gradient.h"

#include "pellucid/attributions/path_scores.h"

namespace pellucid {

namespace {

OptionTable<InputXGradient> options() {
  return OptionTable<InputXGradient>()
      .baseline(&InputXGradient::baseline, "subtracted from the input")
      .reduce(&InputXGradient::reduce)
      .layer(&InputXGradient::layer)
      .number("evaluations", &InputXGradient::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most");
}

}  // namespace

Parameters InputXGradient::parameters() const { return options().show(*this); }

MethodEntry InputXGradient::entry() {
  return options().complete({.name = "input-x-gradient",
                             .summary = "gradient at the input times the input",
                             .source = "Shrikumar et al. 2016, arXiv 1605.01713",
                             .cost = "2 forwards, 1 VJP",
                             .complete = false,
                             .perturbs = false});
}

void InputXGradient::check() const {
  check_budget(name(), evaluations,
               layer == "embeddings"                      ? 2
               : baseline.kind == Replacement::Kind::zero ? 3
                                                          : 4);
}

Attribution InputXGradient::operator()(Evaluator& evaluator) const {
  const Path path = baseline.kind == Replacement::Kind::zero
                        ? evaluator.path_from_zero(layer)
                        : evaluator.straight_path(baseline, layer);
  GradientSum gradients(evaluator.target_count(), evaluator.tokens(), path.to.width());
  evaluator.ask_gradients(layer, [&](std::size_t, std::span<const double>, const GradientView& g) {
    gradients.add(1, g);
  });
  evaluator.run();
  Attribution result;
  result.is_signed = is_signed(reduce);
  result.token_scores = path_scores(reduce, gradients, path);
  result.gradients = std::move(gradients);
  return result;
}

}  // namespace pellucid
