// SPDX-License-Identifier: Apache-2.0
// Several texts at once, each class against its rival, by occlusion of whole words. The texts share
// the passes through the model, and each gets the numbers that it would get alone.
#include <pellucid/pellucid.h>

#include <iostream>
#include <vector>

int main() {
  const auto model = pellucid::Model::bundled();
  const std::vector<std::string> texts{
      "i feel so lonely and miserable since she left",
      "What a wonderful day, I could sing!",
      "He was furious that nobody had told him the truth.",
  };
  const auto explanations = pellucid::explain(
      model, texts, {.targets = {"sadness-joy"}, .method = pellucid::Occlusion{}});
  for (const auto& explanation : explanations) {
    std::cout << explanation.text << "\n  sadness rather than joy: ";
    const auto ranked = explanation.ranked();
    for (std::size_t i = 0; i < 3; ++i) {
      std::cout << ranked[i].first.text << ' ' << ranked[i].second << "   ";
    }
    std::cout << '\n';
  }
  pellucid::save_html(explanations, "three-texts.html");
  return explanations.front().ranked().front().first.text == "lonely" ? 0 : 1;
}
