// SPDX-License-Identifier: Apache-2.0
// Why does the bundled classifier call this sentence what it calls it?  The lines of the README.
#include <pellucid/pellucid.h>

#include <iostream>

int main() {
  const auto model = pellucid::Model::bundled();
  const auto explanation =
      pellucid::explain(model, "I love this, but I am afraid it will not last.",
                        {.method = pellucid::IntegratedGradients{.steps = 50}});
  std::cout << pellucid::to_terminal(explanation);
  pellucid::save_html(explanation, "why.html");

  // The strongest word must be one that a reader would name too.
  const auto ranked = explanation.ranked();
  for (const auto& [unit, score] : ranked) std::cout << unit.text << '\t' << score << '\n';
  return ranked.front().first.text == "afraid" ? 0 : 1;
}
