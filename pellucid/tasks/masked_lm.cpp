// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/masked_lm.h"

#include <algorithm>
#include <numeric>

#include "pellucid/base/error.h"
#include "pellucid/evaluator/target.h"

namespace pellucid {

std::vector<std::int64_t> mask_positions(const Tokenizer& tokenizer, const Encoding& encoding) {
  const auto mask = tokenizer.mask_id();
  check(mask.has_value(), "task masked-lm: the tokenizer has no mask token");
  std::vector<std::int64_t> positions;
  for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
    if (encoding.tokens[i].id == *mask) positions.push_back(static_cast<std::int64_t>(i));
  }
  check(!positions.empty(), "task masked-lm: the text has no mask token, expected \"{}\" in it{}",
        tokenizer.token(*mask).value_or("[MASK]"),
        encoding.truncated > 0 ? " before it is cut" : "");
  return positions;
}

std::vector<MaskCandidate> top_tokens(const Tokenizer& tokenizer, std::span<const float> logits,
                                      std::int64_t top) {
  const std::vector<double> probabilities = softmax(logits);
  std::vector<std::int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = std::min<std::int64_t>(top, static_cast<std::int64_t>(order.size()));
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](std::int32_t a, std::int32_t b) {
                      const float x = logits[static_cast<std::size_t>(a)];
                      const float y = logits[static_cast<std::size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
  std::vector<MaskCandidate> candidates;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t id = order[static_cast<std::size_t>(i)];
    candidates.push_back(
        {tokenizer.token(id).value_or(""), id, probabilities[static_cast<std::size_t>(id)]});
  }
  return candidates;
}

}  // namespace pellucid
