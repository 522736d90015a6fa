// SPDX-License-Identifier: Apache-2.0
#include "pellucid/generation/continuation.h"

#include <algorithm>
#include <cmath>

namespace pellucid {

Tensor next_logits(const Network& network, std::span<Continuation* const> texts) {
  Batch batch;
  std::vector<KeyValueCache*> caches;
  for (Continuation* text : texts) {
    Sequence sequence;
    const std::int64_t known = text->cache.tokens();
    sequence.ids.assign(text->ids.begin() + known, text->ids.end());
    for (std::int64_t i = known; i < std::ssize(text->ids); ++i) {
      sequence.positions.push_back(static_cast<std::int32_t>(i));
    }
    sequence.columns = sequence.positions;
    sequence.reads = {sequence.size() - 1};
    batch.add(sequence);
    caches.push_back(&text->cache);
  }
  if (network.can_extend()) return network.extend(batch, caches);
  Tap none;
  return network(batch, none).value;
}

std::vector<double> log_probabilities(std::span<const float> logits) {
  const double largest = double{*std::max_element(logits.begin(), logits.end())};
  double sum = 0;
  for (const float value : logits) sum += std::exp(double{value} - largest);
  std::vector<double> result;
  for (const float value : logits) result.push_back(double{value} - largest - std::log(sum));
  return result;
}

}  // namespace pellucid
