// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/deep_lift.h"

#include <algorithm>

#include "pellucid/attributions/path_scores.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/evaluator/target_rows.h"

namespace pellucid {
namespace {

DeepLiftRules parse_rules(std::string_view text) {
  if (text == "extended") return DeepLiftRules::extended;
  if (text == "captum") return DeepLiftRules::captum;
  fail_usage("rules is {}, expected extended or captum", quote(std::string(text)));
}

OptionTable<DeepLift> options() {
  using M = DeepLift;
  return OptionTable<M>()
      .choice("rules", &M::rules, parse_rules, "extended or captum",
              "multipliers for every op, or for relu, sigmoid and tanh alone")
      .baseline(&M::baseline, "what the input is compared with")
      .reduce(&M::reduce)
      .layer(&M::layer)
      .number("evaluations", &M::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most");
}

/// Multipliers of the logits, [targets * rows of both inputs, outputs]; those of the baseline are
/// 0.
Tensor target_multipliers(const Evaluator& evaluator, const Tensor& logits, DeepLiftRules rules,
                          std::vector<double>& start) {
  Tensor multipliers = Tensor::zeros({evaluator.target_count() * logits.rows(), logits.width()});
  const float* base_logits = logits.row(logits.rows() / 2);
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    const Target& target = evaluator.targets()[static_cast<std::size_t>(t)];
    const auto real = gather_target(target, evaluator.input(), logits.data(), logits.width());
    const auto base = gather_target(target, evaluator.input(), base_logits, logits.width());
    std::vector<float> m(real.size());
    if (rules == DeepLiftRules::extended) {
      target.multipliers(real, base, logits.width(), m);
    } else {
      target.gradient(real, logits.width(), m);
    }
    scatter_gradient(target, evaluator.input(), m, logits.width(),
                     multipliers.row(t * logits.rows()));
    start.push_back(target.value(base, logits.width()));
  }
  return multipliers;
}

/// The real rows and those of the baseline, one after the other.
Tensor both(const Path& path) {
  Tensor rows = Tensor::uninitialized({2 * path.to.rows(), path.to.width()});
  std::copy_n(path.to.data(), path.to.size(), rows.data());
  std::copy_n(path.from.data(), path.from.size(), rows.row(path.to.rows()));
  return rows;
}

}  // namespace

std::string_view name(DeepLiftRules rules) {
  return rules == DeepLiftRules::extended ? "extended" : "captum";
}

Parameters DeepLift::parameters() const { return options().show(*this); }

MethodEntry DeepLift::entry() {
  return options().complete({.name = "deep-lift",
                             .summary = "differences of activations from those of a baseline",
                             .source = "Shrikumar et al. 2017, arXiv 1704.02685",
                             .cost = "3 forwards, 1 VJP",
                             .complete = true,
                             .perturbs = false});
}

void DeepLift::check() const { check_budget(name(), evaluations, layer == "embeddings" ? 3 : 5); }

Attribution DeepLift::operator()(Evaluator& evaluator) const {
  const Path path = evaluator.straight_path(baseline, layer);
  GradientSum multipliers(evaluator.target_count(), evaluator.tokens(), path.to.width());
  Attribution result;
  evaluator.ask_own(
      1,
      {.forwards = 2,
       .vjps = 1,
       .floats = evaluator.tokens() * evaluator.model().network().shape().tracked_floats_per_token},
      [&](std::int64_t, const Network& network) {
        Batch batch;
        batch.add(evaluator.input());
        batch.add(evaluator.input());
        Tape tape(rules == DeepLiftRules::extended ? Pullback::rescale_extended
                                                   : Pullback::rescale);
        Tap tap;
        tap.replace(layer, both(path));
        tap.differentiate(layer, tape);
        const Variable logits = network(batch, tap);
        const Variable leaf = tap.leaf(layer);
        const Tensor m = tape.pull_back(
            logits, target_multipliers(evaluator, logits.value, rules, result.baseline_values),
            {&leaf, 1})[0];
        multipliers.add(1, {m.data(), 2 * path.to.size(), evaluator.tokens(), path.to.width()});
      });
  evaluator.run();
  result.complete = reduce == Reduce::dot;
  result.remedy = rules == DeepLiftRules::captum ? "rules=extended is complete" : "";
  result.is_signed = is_signed(reduce);
  result.token_scores = path_scores(reduce, multipliers, path);
  result.gradients = std::move(multipliers);
  return result;
}

}  // namespace pellucid
