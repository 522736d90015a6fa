// SPDX-License-Identifier: Apache-2.0
// Biases by distance, from a table with a row for each bucket of distances.
// Raffel et al. 2019, arXiv 1910.10683
#pragma once

#include <cstdint>

#include "pellucid/ops/attention.h"

namespace pellucid {

/// The bucket of a key that stands `distance` places behind the query, of `buckets` in all: half of
/// them for each sign; in each half, half for the small distances one by one, the rest growing
/// like the logarithm up to `farthest`, where the last bucket begins.
/// past_only: all buckets are for keys before the query, the first also for those behind.
std::int64_t relative_bucket(std::int64_t distance, std::int64_t buckets, std::int64_t farthest,
                             bool past_only = false);

/// table: [buckets, heads] -> biases for distances below `positions`.
AttentionBias bucketed_bias(const Tensor& table, std::int64_t positions, std::int64_t farthest,
                            bool past_only = false);

}  // namespace pellucid
