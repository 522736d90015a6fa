// SPDX-License-Identifier: Apache-2.0
#include "pellucid/nn/key_value_cache.h"

#include <algorithm>

namespace pellucid {

CachedRows::CachedRows(std::vector<std::int64_t> batch_offsets,
                       std::span<KeyValueCache* const> before)
    : caches(before), offsets(std::move(batch_offsets)), key_offsets(offsets) {
  std::int64_t cached = 0;
  for (std::size_t s = 0; s < caches.size(); ++s) {
    cached += caches[s]->tokens();
    key_offsets[s + 1] += cached;
  }
}

std::vector<std::int64_t> CachedRows::places(std::span<const std::int64_t> rows) const {
  std::vector<std::int64_t> result;
  for (const std::int64_t row : rows) {
    const auto end = std::upper_bound(offsets.begin(), offsets.end(), row);
    result.push_back(key_offsets[static_cast<std::size_t>(end - offsets.begin())] - (*end - row));
  }
  return result;
}

Tensor CachedRows::extended(std::size_t layer, const Tensor& rows) const {
  Tensor all = Tensor::uninitialized({key_offsets.back(), rows.width()});
  for (std::size_t s = 0; s < caches.size(); ++s) {
    caches[s]->append(layer, rows.row_slice(offsets[s], offsets[s + 1]));
    const std::vector<float>& cached = caches[s]->layer(layer);
    std::copy(cached.begin(), cached.end(), all.row(key_offsets[s]));
  }
  return all;
}

}  // namespace pellucid
