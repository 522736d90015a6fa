// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/mixture.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/in_place.h"

namespace pellucid {
namespace {

/// Keeps the largest of p and returns their sum.  p, y: [experts]; y is 0 before
float keep_largest(const float* p, std::int64_t experts, std::int64_t count, float* y) {
  float sum = 0;
  std::vector<bool> taken(static_cast<std::size_t>(experts));
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t best = -1;
    for (std::int64_t e = 0; e < experts; ++e) {
      if (!taken[std::size_t(e)] && (best < 0 || p[e] > p[best])) best = e;
    }
    taken[std::size_t(best)] = true;
    y[best] = p[best];
    sum += p[best];
  }
  return sum;
}

struct Weighted {
  Tensor part, weights;
  std::int64_t column;
  std::vector<std::int64_t> rows;
};

/// dpart[i] = w dy[rows[i]], dw = dy[rows[i]] part[i].  dy: [K * n, width]
void pull_back(const Weighted& saved, const Tensor& dy, InputCotangents& inputs) {
  const std::int64_t all = saved.weights.rows(), width = dy.width();
  const auto chosen = static_cast<std::int64_t>(saved.rows.size());
  const std::int64_t count = all == 0 ? 0 : dy.rows() / all;
  Tensor dpart, dweights;
  if (inputs.wanted(1)) dpart = Tensor::uninitialized({count * chosen, width});
  if (inputs.wanted(2)) dweights = Tensor::zeros({count * all, saved.weights.width()});
  parallel_for(count * chosen, 16384 / (width + 1) + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int64_t row = saved.rows[std::size_t(r % chosen)];
      const float* from = dy.row(r / chosen * all + row);
      if (dpart.defined()) {
        const float weight = saved.weights.row(row)[saved.column];
        for (std::int64_t i = 0; i < width; ++i) dpart.row(r)[i] = weight * from[i];
      }
      if (dweights.defined()) {
        const float* part = saved.part.row(r % chosen);
        float sum = 0;
        for (std::int64_t i = 0; i < width; ++i) sum += from[i] * part[i];
        dweights.row(r / chosen * all + row)[saved.column] = sum;
      }
    }
  });
  if (dpart.defined()) inputs.add(1, std::move(dpart));
  if (dweights.defined()) inputs.add(2, std::move(dweights));
}

}  // namespace

Variable largest(const Variable& p, std::int64_t count, bool renormalise) {
  const std::int64_t experts = p.width();
  check(0 < count && count <= experts, "largest: {} of {}", count, experts);
  Tensor y = Tensor::zeros(p.value.shape());
  std::vector<float> sums(static_cast<std::size_t>(p.rows()), 1.0F);
  for (std::int64_t r = 0; r < p.rows(); ++r) {
    const float sum = keep_largest(p.value.row(r), experts, count, y.row(r));
    if (!renormalise) continue;
    sums[std::size_t(r)] = sum;
    for (std::int64_t e = 0; e < experts; ++e) y.row(r)[e] /= sum;
  }
  if (!p.tracked()) return Variable(std::move(y));
  // With S the sum of the chosen, d(p / S) = (dy - sum(y dy)) / S; without it, dy where y counts.
  return record(y, {&p}, [y, sums, renormalise](const Tensor& dy, InputCotangents& inputs) {
    Tensor dp = Tensor::zeros(dy.shape());
    for (std::int64_t r = 0; r < dy.rows(); ++r) {
      const float* own = y.row(r % y.rows());
      float mean = 0;
      for (std::int64_t e = 0; renormalise && e < dy.width(); ++e) mean += own[e] * dy.row(r)[e];
      const float sum = sums[std::size_t(r % y.rows())];
      for (std::int64_t e = 0; e < dy.width(); ++e) {
        if (own[e] > 0) dp.row(r)[e] = (dy.row(r)[e] - mean) / sum;
      }
    }
    inputs.add(0, std::move(dp));
  });
}

Variable add_weighted_rows(Variable sum, const Variable& part, const Variable& weights,
                           std::int64_t column, std::span<const std::int64_t> rows) {
  check(part.width() == sum.width() && part.rows() == std::ssize(rows) &&
            weights.rows() == sum.rows() && column < weights.width(),
        "add_weighted_rows: {} rows of {} and column {} of {} do not fit {}", rows.size(),
        part.value.shape().text(), column, weights.value.shape().text(), sum.value.shape().text());
  Tensor y = sum.value.unique() ? std::exchange(sum.value, Tensor()) : sum.value.clone();
  for (std::int64_t i = 0; i < part.rows(); ++i) {
    const std::int64_t row = rows[std::size_t(i)];
    const float weight = weights.value.row(row)[column];
    const float* from = part.value.row(i);
    for (std::int64_t j = 0; j < y.width(); ++j) y.row(row)[j] += weight * from[j];
  }
  if (!any_tracked({&sum, &part, &weights})) return Variable(std::move(y));
  Weighted saved{part.value, weights.value, column, {rows.begin(), rows.end()}};
  return record(std::move(y), {&sum, &part, &weights},
                [saved = std::move(saved)](const Tensor& dy, InputCotangents& inputs) {
                  pull_back(saved, dy, inputs);
                  inputs.add(0, dy);
                });
}

}  // namespace pellucid
