// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/saliency.h"

#include "pellucid/attributions/path_scores.h"
#include "pellucid/base/error.h"

namespace pellucid {

namespace {

OptionTable<Saliency> options() {
  return OptionTable<Saliency>()
      .reduce(&Saliency::reduce)
      .flag("times-norm", &Saliency::times_norm, "multiply by the size of the embedding")
      .flag("times-input", &Saliency::times_input, "multiply by the embedding, then reduce")
      .layer(&Saliency::layer)
      .number("evaluations", &Saliency::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most");
}

}  // namespace

Parameters Saliency::parameters() const { return options().show(*this); }

MethodEntry Saliency::entry() {
  return options().complete({.name = "saliency",
                             .summary = "size of the gradient at the input",
                             .source = "Simonyan et al. 2013, arXiv 1312.6034",
                             .cost = "2 forwards, 1 VJP",
                             .complete = false,
                             .perturbs = false});
}

void Saliency::check() const {
  check_usage(!times_norm || !times_input, "times-norm and times-input exclude each other");
  check_budget(name(), evaluations, (times_norm || times_input) && layer != "embeddings" ? 3 : 2);
}

Attribution Saliency::operator()(Evaluator& evaluator) const {
  // The activation itself is asked for only where it is needed.
  Path path;
  if (times_norm || times_input) path = evaluator.path_from_zero(layer);
  const std::int64_t width = evaluator.model().network().shape().width(layer);
  Attribution result;
  result.is_signed = is_signed(reduce);
  GradientSum gradients(evaluator.target_count(), evaluator.tokens(), width);
  evaluator.ask_gradients(layer, [&](std::size_t, std::span<const double>, const GradientView& g) {
    gradients.add(1, g);
  });
  evaluator.run();
  if (times_input) {
    result.token_scores = path_scores(reduce, gradients, path);
    result.gradients = std::move(gradients);
    return result;
  }
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    auto& scores = result.token_scores.emplace_back();
    for (std::int64_t i = 0; i < evaluator.tokens(); ++i) {
      scores.push_back(pellucid::reduce(reduce, gradients.row(t, i)));
      if (!times_norm) continue;
      const std::vector<double> row(path.to.row(i), path.to.row(i) + width);
      scores.back() *= pellucid::reduce(Reduce::l2, row);
    }
  }
  result.gradients = std::move(gradients);
  return result;
}

}  // namespace pellucid
