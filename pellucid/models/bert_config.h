// SPDX-License-Identifier: Apache-2.0
// What config.json says of a variant of BERT.
#pragma once

#include <cstdint>

#include "pellucid/io/config.h"
#include "pellucid/models/bert.h"

namespace pellucid {

/// Rows of a table of biases that are in use, however many it has.
inline constexpr std::int64_t kBuckets = 32;

struct BertConfig {
  const BertVariant* variant;
  std::int64_t vocabulary, hidden, word_width, layers, heads, intermediate, max_positions, types;
  std::int64_t padding;  ///< the id that after_padding counts from
  Activation activation;
  float epsilon, layer_epsilon;
  std::int64_t buckets;           ///< rows of the table of biases
  bool absolute = true;           ///< positions are added to the words
  bool distance_keys = false;     ///< scores have terms of queries and distances
  bool distance_queries = false;  ///< and of keys and distances
  bool tied;  ///< the masked-LM decoder is the word table, whatever the file holds
  std::int64_t groups = 1, inner_layers = 1;                        // of layers that share weights
  std::int64_t query_groups = 1, key_groups = 1, value_groups = 1;  // of convolutions
  std::int64_t project_groups = 1, up_groups = 1, down_groups = 1;
};

BertConfig read_bert_config(const ModelConfig& config, const BertVariant& variant);

}  // namespace pellucid
