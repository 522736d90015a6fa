// SPDX-License-Identifier: Apache-2.0
// Continues a text token by token: greedily, by sampling, or by beam search.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pellucid/models/network.h"

namespace pellucid {

struct GenerateOptions {
  std::int64_t max_new_tokens = 20;
  std::vector<std::int32_t> stop_ids{};  ///< generation ends behind one of them
  /// The first new token, and the last where max_new_tokens are reached, whatever the network says:
  /// "forced_bos_token_id" and "forced_eos_token_id".
  std::optional<std::int32_t> first_id{}, last_id{};
  /// Hypotheses of a beam search; 1: none. It goes with no temperature.
  std::int64_t beams = 1;
  double length_penalty = 1;    ///< of a beam search: larger favours longer texts
  bool early_stopping = false;  ///< of a beam search: ends when as many are finished as beams
  /// 0: the most probable token each time. Else tokens are drawn from softmax(logits /
  /// temperature), from the `top_k` most probable ones (0: all) and of those from the smallest set
  /// whose probability reaches `top_p`.  Holtzman et al. 2019, arXiv 1904.09751
  double temperature = 0;
  std::int64_t top_k = 0;
  double top_p = 1;
  std::uint64_t seed = 0;

  /// The only token that may come as new token `step`, counted from 0; none: any may.
  std::optional<std::int32_t> forced_id(std::int64_t step) const {
    if (step == 0 && first_id) return first_id;
    return step + 1 == max_new_tokens ? last_id : std::nullopt;
  }
};

struct Generated {
  std::vector<std::int32_t> ids;
  std::vector<double> log_probabilities;  ///< of the tokens, among all of the vocabulary
};

/// What follows text.ids, which must not be empty; of an encoder-decoder, what its decoder says to
/// them behind text.decoder_ids or the model's start token. The network has a language head.
/// A token's draw depends on seed, text.ids and place alone.
Generated generate(const Network& network, const Sequence& text, const GenerateOptions& options);
Generated generate(const Network& network, std::span<const std::int32_t> ids,
                   const GenerateOptions& options);

}  // namespace pellucid
