// SPDX-License-Identifier: Apache-2.0
// Uses the installed library through its public header alone, without a word about fmt, oneDNN or
// compiler flags.
#include <pellucid/pellucid.h>

#include <cstdio>

int main() {
  const auto model = pellucid::Model::bundled();
  const auto explanation = pellucid::explain(model, "I love this movie");
  std::fputs(pellucid::to_terminal(explanation).c_str(), stdout);
  try {
    pellucid::explain(model, "I love this movie", {.targets = {"anxiety"}});
  } catch (const pellucid::UsageError& error) {
    std::puts(error.what());
    return explanation.ranked().front().first.text == "love" ? 0 : 1;
  }
  std::puts("an unknown target was not refused");
  return 1;
}
