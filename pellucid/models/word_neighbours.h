// SPDX-License-Identifier: Apache-2.0
// Words whose embeddings are near to each other, looked for when asked for and kept.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <vector>

#include "pellucid/models/network.h"

namespace pellucid {

class WordNeighbours {
 public:
  /// For each of `ids` the `count` other words at the smallest Euclidean distance, nearest first;
  /// of equal ones the smaller id. May be called from several threads.
  std::vector<std::vector<std::int32_t>> nearest(const Network& network,
                                                 std::span<const std::int32_t> ids,
                                                 std::int64_t count);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::int32_t, std::int64_t>, std::vector<std::int32_t>> known_;
};

}  // namespace pellucid
