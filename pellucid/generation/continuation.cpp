// SPDX-License-Identifier: Apache-2.0
#include "pellucid/generation/continuation.h"

#include <algorithm>
#include <cmath>

#include "pellucid/base/error.h"

namespace pellucid {

Continuation begin(const Network& network, const Sequence& text) {
  const NetworkShape& shape = network.shape();
  if (!shape.has_decoder()) return {text.ids};
  Continuation result{text.decoder_ids};
  if (result.ids.empty()) {
    check_usage(
        shape.decoder_start >= 0,
        "the model has no \"decoder_start_token_id\" among its ids to begin with: give decoder "
        "ids");
    result.ids = {static_cast<std::int32_t>(shape.decoder_start)};
  }
  Batch source;
  source.add(text);
  KeyValueCache* const cache = &result.cache;
  network.encode(source, {&cache, 1});
  return result;
}

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
