// SPDX-License-Identifier: Apache-2.0
// A method of one's own: leave-one-in, what each word says alone. A method asks for variants of the
// input and combines the answers; batching, other texts, units and reports are not its business.
#include <pellucid/pellucid.h>

#include <iostream>

struct LeaveOneIn {
  pellucid::Replacement replacement{.kind = pellucid::Replacement::Kind::mask};

  std::string name() const { return "leave-one-in"; }
  pellucid::Parameters parameters() const { return {{"replacement", replacement.name()}}; }

  pellucid::Attribution operator()(pellucid::Evaluator& evaluator) const {
    const auto units = evaluator.units().units.size();
    std::vector<std::vector<bool>> kept(units + 1, std::vector<bool>(units, false));
    for (std::size_t u = 0; u < units; ++u) kept[u][u] = true;  // the last one keeps nothing
    pellucid::Values values;
    evaluator.ask_without(kept, replacement, values);
    evaluator.run();
    pellucid::Attribution result;
    for (std::size_t t = 0; t < evaluator.targets().size(); ++t) {
      auto& scores = result.unit_scores.emplace_back();
      for (std::size_t u = 0; u < units; ++u) scores.push_back(values[u][t] - values[units][t]);
    }
    result.baseline_values = values[units];
    return result;
  }
};

int main() {
  const auto model = pellucid::Model::bundled();
  const auto explanation =
      pellucid::explain(model, "I love this, but I am afraid.", {.method = LeaveOneIn{}});
  std::cout << pellucid::to_terminal(explanation);
  return explanation.ranked().front().first.text == "afraid" ? 0 : 1;
}
