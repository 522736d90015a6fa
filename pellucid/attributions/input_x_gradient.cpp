// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/input_x_gradient.h"

#include "pellucid/attributions/path_scores.h"

namespace pellucid {

Parameters InputXGradient::parameters() const {
  return {{"baseline", baseline.name()},
          {"reduce", std::string(pellucid::name(reduce))},
          {"layer", layer}};
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
