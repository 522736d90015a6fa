// SPDX-License-Identifier: Apache-2.0
// Attention probabilities of all layers, with the gradients of the targets, and what the methods
// that read them have in common.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pellucid/attributions/method.h"

namespace pellucid {

/// One layer. Queries are the tokens that later layers or the head read, ascending.
struct AttentionMap {
  std::vector<std::int64_t> queries;
  std::int64_t heads = 0, keys = 0;
  Tensor probabilities;  ///< [heads, queries, keys], flat rows
  Tensor gradients;      ///< [targets, heads, queries, keys]; not defined unless asked for
};

/// Of all layers in order. Throws Error where the model shows none.
std::vector<AttentionMap> attention_maps(Evaluator& evaluator, bool gradients);

/// A matrix between tokens that has some of its rows, [rows.size(), keys]; the others are zero.
struct TokenMatrix {
  std::vector<std::int64_t> rows;
  std::int64_t keys = 0;
  std::vector<double> values;
};

/// The mean over heads.
TokenMatrix mean_heads(const AttentionMap& map);
/// mean over heads of max(A * dF/dA, 0) for one target
TokenMatrix positive_relevance(const AttentionMap& map, std::int64_t target);

/// row (keep I + share M_last) ... (keep I + share M_first): what reaches the tokens of the input
/// from a row over those of the output.
std::vector<double> through_layers(std::vector<double> row, std::span<const TokenMatrix> layers,
                                   double keep, double share);

/// The mean over what a target reads, [tokens].
std::vector<double> read_row(const Evaluator& evaluator, std::int64_t target);

/// "last", "all", or numbers of layers from 0: "2" or "0,2".
void check_layers(const std::string& text);
std::vector<std::size_t> parse_layers(const std::string& text, std::size_t count);

}  // namespace pellucid
