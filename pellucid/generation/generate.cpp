// SPDX-License-Identifier: Apache-2.0
#include "pellucid/generation/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pellucid/base/error.h"
#include "pellucid/base/philox.h"

namespace pellucid {
namespace {

/// Logits behind a text that grows at its end; keys and values are kept where the network can.
class Continuation {
 public:
  Continuation(const Network& network, std::span<const std::int32_t> prompt)
      : network_(network), ids_(prompt.begin(), prompt.end()) {}

  /// [vocabulary]
  Tensor logits() {
    Sequence sequence;
    sequence.ids.assign(ids_.begin() + cache_.tokens(), ids_.end());
    sequence.reads = {sequence.size() - 1};
    for (std::int64_t i = cache_.tokens(); i < std::ssize(ids_); ++i) {
      sequence.positions.push_back(static_cast<std::int32_t>(i));
    }
    sequence.columns = sequence.positions;
    Batch batch;
    batch.add(sequence);
    if (network_.can_extend()) {
      KeyValueCache* const cache = &cache_;
      return network_.extend(batch, {&cache, 1});
    }
    Tap none;
    return network_(batch, none).value;
  }

  void add(std::int32_t id) { ids_.push_back(id); }

 private:
  const Network& network_;
  std::vector<std::int32_t> ids_;
  KeyValueCache cache_;
};

/// log softmax in double.
std::vector<double> log_probabilities(const Tensor& logits) {
  const auto values = logits.values();
  const double largest = double{*std::max_element(values.begin(), values.end())};
  double sum = 0;
  for (const float value : values) sum += std::exp(double{value} - largest);
  std::vector<double> result;
  for (const float value : values) result.push_back(double{value} - largest - std::log(sum));
  return result;
}

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

}  // namespace

Generated generate(const Network& network, std::span<const std::int32_t> prompt,
                   const GenerateOptions& options) {
  const NetworkShape& shape = network.shape();
  check_usage(shape.head == HeadKind::causal_lm, "the model has no head that continues texts");
  check_usage(!prompt.empty(), "the text to continue is empty");
  check_usage(options.temperature >= 0 && options.top_p > 0 && options.top_k >= 0,
              "temperature {}, top p {} or top k {} is out of range", options.temperature,
              options.top_p, options.top_k);
  const std::int64_t length = std::ssize(prompt) + options.max_new_tokens;
  check_usage(!shape.positions_bounded || length <= shape.max_positions + 1,
              "{} tokens and {} new ones, but the model takes at most {}", prompt.size(),
              options.max_new_tokens, shape.max_positions);
  Continuation text(network, prompt);
  const Draws draws(options.seed, Stream::generated_tokens, 0, hash_ids(prompt));
  Generated result;
  for (std::int64_t step = 0; step < options.max_new_tokens; ++step) {
    const std::vector<double> candidates = log_probabilities(text.logits());
    const auto id =
        options.temperature > 0
            ? draw(candidates, options, double{draws.uniform(static_cast<std::uint32_t>(step))})
            : static_cast<std::int32_t>(std::max_element(candidates.begin(), candidates.end()) -
                                        candidates.begin());
    result.ids.push_back(id);
    result.log_probabilities.push_back(candidates[std::size_t(id)]);
    const auto& stops = options.stop_ids;
    if (std::find(stops.begin(), stops.end(), id) != stops.end()) break;
    text.add(id);
  }
  return result;
}

}  // namespace pellucid
