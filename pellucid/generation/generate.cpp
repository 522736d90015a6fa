// SPDX-License-Identifier: Apache-2.0
#include "pellucid/generation/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pellucid/base/error.h"
#include "pellucid/base/philox.h"
#include "pellucid/generation/beam_search.h"
#include "pellucid/generation/continuation.h"

namespace pellucid {
namespace {

/// A token by its probability after temperature, top k and top p.  uniform: in [0, 1)
std::int32_t draw(const std::vector<double>& log_probability, const GenerateOptions& options,
                  double uniform) {
  std::vector<std::int32_t> order(log_probability.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return log_probability[std::size_t(a)] > log_probability[std::size_t(b)];
  });
  if (options.top_k > 0 && options.top_k < std::ssize(order)) {
    order.resize(std::size_t(options.top_k));
  }
  std::vector<double> weights;
  for (const std::int32_t id : order) {
    const double below = log_probability[std::size_t(id)] - log_probability[std::size_t(order[0])];
    weights.push_back(std::exp(below / options.temperature));
  }
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  double kept = 0;
  std::size_t count = 0;
  while (count < weights.size() && (count == 0 || kept < options.top_p * all)) {
    kept += weights[count++];
  }
  double left = uniform * kept;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    left -= weights[i];
    if (left < 0) return order[i];
  }
  return order[count - 1];
}

void check_options(const NetworkShape& shape, const Sequence& text,
                   const GenerateOptions& options) {
  check_usage(continues_texts(shape.head), "the model has no head that continues texts");
  check_usage(!text.ids.empty(), "the text to continue is empty");
  check_usage(options.max_new_tokens > 0, "{} new tokens, expected 1 or more",
              options.max_new_tokens);
  check_usage(options.temperature >= 0 && options.top_p > 0 && options.top_k >= 0,
              "temperature {}, top p {} or top k {} is out of range", options.temperature,
              options.top_p, options.top_k);
  check_usage(options.beams >= 1 && (options.beams == 1 || options.temperature == 0),
              "{} beams with temperature {}, expected 1 or more, more only with 0", options.beams,
              options.temperature);
  for (const auto& id : {options.first_id, options.last_id}) {
    check_usage(!id || (0 <= *id && *id < shape.outputs),
                "{} is forced, expected a token from 0 to {}", id.value_or(0), shape.outputs - 1);
  }
  const std::int64_t prompt =
      shape.has_decoder() ? std::max<std::int64_t>(1, std::ssize(text.decoder_ids)) : text.size();
  check_usage(
      !shape.positions_bounded || prompt + options.max_new_tokens <= shape.max_positions + 1,
      "{} tokens and {} new ones, but the model takes at most {}", prompt, options.max_new_tokens,
      shape.max_positions);
}

}  // namespace

Generated generate(const Network& network, const Sequence& text, const GenerateOptions& options) {
  check_options(network.shape(), text, options);
  Continuation continuation = begin(network, text);
  if (options.beams > 1) return beam_search(network, std::move(continuation), options);
  Continuation* const only = &continuation;
  const Draws draws(options.seed, Stream::generated_tokens, 0, hash_ids(text.ids));
  Generated result;
  for (std::int64_t step = 0; step < options.max_new_tokens; ++step) {
    const auto candidates = log_probabilities(next_logits(network, {&only, 1}).values());
    const auto best = std::max_element(candidates.begin(), candidates.end()) - candidates.begin();
    auto id = static_cast<std::int32_t>(best);
    if (const auto forced = options.forced_id(step)) {
      id = *forced;
    } else if (options.temperature > 0) {
      id = draw(candidates, options, double{draws.uniform(static_cast<std::uint32_t>(step))});
    }
    result.ids.push_back(id);
    result.log_probabilities.push_back(candidates[std::size_t(id)]);
    const auto& stops = options.stop_ids;
    if (std::find(stops.begin(), stops.end(), id) != stops.end()) break;
    continuation.ids.push_back(id);
  }
  return result;
}

Generated generate(const Network& network, std::span<const std::int32_t> ids,
                   const GenerateOptions& options) {
  Sequence text;
  text.ids.assign(ids.begin(), ids.end());
  return generate(network, text, options);
}

}  // namespace pellucid
