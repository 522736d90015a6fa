// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/word_neighbours.h"

#include <Eigen/Dense>
#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace pellucid {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Map<const Matrix>;

constexpr std::int64_t kBlock = 2048;  // rows of the table at once

/// |w|^2 - 2 w c for all words w and the words `ids`: their squared distances less |c|^2.
/// [ids, vocabulary]
Matrix distances(const Network& network, std::span<const std::int32_t> ids) {
  const Tensor own = network.embed(ids);
  const std::int64_t vocabulary = network.shape().vocabulary;
  const Rows centres(own.data(), own.rows(), own.width());
  Matrix all(own.rows(), vocabulary);
  for (std::int64_t begin = 0; begin < vocabulary; begin += kBlock) {
    std::vector<std::int32_t> block(static_cast<std::size_t>(std::min(kBlock, vocabulary - begin)));
    std::iota(block.begin(), block.end(), static_cast<std::int32_t>(begin));
    const Tensor table = network.embed(block);
    const Rows words(table.data(), table.rows(), table.width());
    auto part = all.middleCols(begin, table.rows());
    part.noalias() = -2.0F * centres * words.transpose();
    part.rowwise() += words.rowwise().squaredNorm().transpose();
  }
  return all;
}

}  // namespace

std::vector<std::vector<std::int32_t>> WordNeighbours::nearest(const Network& network,
                                                               std::span<const std::int32_t> ids,
                                                               std::int64_t count) {
  count = std::min(count, network.shape().vocabulary - 1);
  const std::lock_guard lock(mutex_);
  std::set<std::int32_t> unknown;
  for (const std::int32_t id : ids) {
    if (!known_.contains({id, count})) unknown.insert(id);
  }
  const std::vector<std::int32_t> asked(unknown.begin(), unknown.end());
  if (!asked.empty()) {
    const Matrix all = distances(network, asked);
    std::vector<std::int32_t> order(static_cast<std::size_t>(all.cols()));
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto row = all.row(static_cast<std::int64_t>(i));
      std::iota(order.begin(), order.end(), 0);
      std::swap(order.back(), order[static_cast<std::size_t>(asked[i])]);
      const auto end = order.begin() + count;
      std::partial_sort(order.begin(), end, order.end() - 1, [&](std::int32_t a, std::int32_t b) {
        return std::pair(row[a], a) < std::pair(row[b], b);
      });
      known_[{asked[i], count}].assign(order.begin(), end);
    }
  }
  std::vector<std::vector<std::int32_t>> found;
  for (const std::int32_t id : ids) found.push_back(known_.at({id, count}));
  return found;
}

}  // namespace pellucid
