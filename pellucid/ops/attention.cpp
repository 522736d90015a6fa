// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/attention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/attention_head.h"

namespace pellucid {
namespace {

using Offsets = std::vector<std::int64_t>;

/// The matrices of all sequences and heads, and how they are cut.
struct Batch {
  std::int64_t heads = 1, width = 0;  // width of a head
  float scale = 1;
  Offsets query_offsets, key_offsets;
  Tensor query_matrix, key_matrix;  // the same one in self-attention
  std::int64_t key_column = 0;      // in key_matrix; values follow keys
  Tensor statistics;                // [heads, query rows, 2]

  std::int64_t sequences() const { return static_cast<std::int64_t>(query_offsets.size()) - 1; }
  std::int64_t query_begin(std::int64_t s) const { return query_offsets[std::size_t(s)]; }
  std::int64_t key_begin(std::int64_t s) const { return key_offsets[std::size_t(s)]; }
  std::int64_t queries(std::int64_t s) const { return query_begin(s + 1) - query_begin(s); }
  std::int64_t keys(std::int64_t s) const { return key_begin(s + 1) - key_begin(s); }

  /// Head h of sequence s, without scratch.
  AttentionHead head(std::int64_t s, std::int64_t h) const {
    const float* keys_from = key_matrix.row(key_begin(s)) + key_column + h * width;
    const float* statistics_data =
        statistics.data() + 2 * (h * query_matrix.rows() + query_begin(s));
    return {.queries = queries(s),
            .keys = keys(s),
            .width = width,
            .scale = scale,
            .query = {query_matrix.row(query_begin(s)) + h * width, query_matrix.width()},
            .key = {keys_from, key_matrix.width()},
            .value = {keys_from + heads * width, key_matrix.width()},
            .statistics = const_cast<float*>(statistics_data)};
  }
};

void check_offsets(std::span<const std::int64_t> offsets, std::int64_t rows, const char* name) {
  const bool fits = !offsets.empty() && offsets.front() == 0 && offsets.back() == rows &&
                    std::is_sorted(offsets.begin(), offsets.end());
  check(fits, "attention: the {} offsets do not run from 0 to {}, the number of rows", name, rows);
}

Batch make_batch(const Tensor& query_matrix, const Tensor& key_matrix, std::int64_t hidden,
                 const AttentionShape& shape) {
  check(shape.heads > 0 && hidden % shape.heads == 0,
        "attention: width {} cannot be cut into {} heads", hidden, shape.heads);
  check(shape.scale > 0, "attention: the scale is {}, expected a positive number", shape.scale);
  check_offsets(shape.query_offsets, query_matrix.rows(), "query");
  check_offsets(shape.key_offsets, key_matrix.rows(), "key");
  check(shape.query_offsets.size() == shape.key_offsets.size(),
        "attention: {} sequences of queries but {} of keys", shape.query_offsets.size() - 1,
        shape.key_offsets.size() - 1);
  Batch batch{.heads = shape.heads,
              .width = hidden / shape.heads,
              .scale = shape.scale,
              .query_offsets = Offsets(shape.query_offsets.begin(), shape.query_offsets.end()),
              .key_offsets = Offsets(shape.key_offsets.begin(), shape.key_offsets.end()),
              .query_matrix = query_matrix,
              .key_matrix = key_matrix,
              .key_column = key_matrix.width() - 2 * hidden,
              .statistics = Tensor::uninitialized({shape.heads, query_matrix.rows(), 2})};
  for (std::int64_t s = 0; s < batch.sequences(); ++s) {
    check(batch.keys(s) > 0 || batch.queries(s) == 0,
          "attention: sequence {} has queries but no keys", s);
  }
  return batch;
}

/// work(sequence, head, scratch) for all, shared among threads.
template <class Work>
void for_heads(const Batch& batch, bool vjp, const Work& work) {
  parallel_tasks(batch.sequences() * batch.heads, [&](std::int64_t index) {
    const std::int64_t s = index / batch.heads;
    Tensor scratch = Tensor::uninitialized({attention_scratch(batch.keys(s), batch.width, vjp)});
    work(s, index % batch.heads, scratch.data());
  });
}

Tensor forward(const Batch& batch, Tensor* probabilities) {
  const std::int64_t hidden = batch.heads * batch.width;
  Tensor y = Tensor::uninitialized({batch.query_matrix.rows(), hidden});
  std::vector<std::int64_t> starts{0};  // of each sequence's probabilities
  for (std::int64_t s = 0; s < batch.sequences(); ++s) {
    starts.push_back(starts.back() + batch.heads * batch.queries(s) * batch.keys(s));
  }
  if (probabilities != nullptr) *probabilities = Tensor::uninitialized({starts.back()});
  for_heads(batch, false, [&](std::int64_t s, std::int64_t h, float* scratch) {
    AttentionHead head = batch.head(s, h);
    head.scratch = scratch;
    float* copy = nullptr;
    if (probabilities != nullptr) {
      copy = probabilities->data() + starts[std::size_t(s)] + h * head.queries * head.keys;
    }
    attention_head(head, {y.row(batch.query_begin(s)) + h * batch.width, hidden}, copy);
  });
  return y;
}

/// dqueries, dkeys: [K * rows, width of the matrix], may be one tensor, either may be null
void pull_back(const Batch& batch, const Tensor& dy, Tensor* dqueries, Tensor* dkeys) {
  const std::int64_t hidden = batch.heads * batch.width;
  const std::int64_t query_rows = batch.query_matrix.rows();
  const std::int64_t count = query_rows == 0 ? 0 : dy.rows() / query_rows;
  for_heads(batch, true, [&](std::int64_t s, std::int64_t h, float* scratch) {
    AttentionHead head = batch.head(s, h);
    head.scratch = scratch;
    AttentionHeadVjp vjp;
    vjp.count = count;
    vjp.dy = {dy.row(batch.query_begin(s)) + h * batch.width, hidden};
    vjp.dy_step = query_rows * hidden;
    if (dqueries != nullptr) {
      const std::int64_t width = dqueries->width();
      vjp.query = {dqueries->row(batch.query_begin(s)) + h * batch.width, width};
      vjp.query_step = query_rows * width;
    }
    if (dkeys != nullptr) {
      const std::int64_t width = dkeys->width();
      float* keys = dkeys->row(batch.key_begin(s)) + batch.key_column + h * batch.width;
      vjp.key = {keys, width};
      vjp.value = {keys + hidden, width};
      vjp.key_step = batch.key_matrix.rows() * width;
    }
    attention_head_vjp(head, vjp);
  });
}

/// Keys of sequences without queries receive no cotangent: nothing would be written there.
Tensor new_cotangent(const Batch& batch, const Shape& shape) {
  for (std::int64_t s = 0; s < batch.sequences(); ++s) {
    if (batch.queries(s) == 0 && batch.keys(s) > 0) return Tensor::zeros(shape);
  }
  return Tensor::uninitialized(shape);
}

}  // namespace

Variable self_attention(const Variable& qkv, const AttentionShape& shape, Tensor* probabilities) {
  check(qkv.width() % 3 == 0, "self_attention: qkv is {}, expected 3 blocks of columns",
        qkv.value.shape().text());
  Batch batch = make_batch(qkv.value, qkv.value, qkv.width() / 3, shape);
  Tensor y = forward(batch, probabilities);
  if (!qkv.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&qkv},
                [batch = std::move(batch)](const Tensor& dy, InputCotangents& inputs) {
                  Tensor dqkv = new_cotangent(batch, {dy.rows(), batch.query_matrix.width()});
                  pull_back(batch, dy, &dqkv, &dqkv);
                  inputs.add(0, std::move(dqkv));
                });
}

Variable attention(const Variable& queries, const Variable& keys_values,
                   const AttentionShape& shape, Tensor* probabilities) {
  check(keys_values.width() == 2 * queries.width(),
        "attention: queries are {} and keys with values {}, expected twice the width",
        queries.value.shape().text(), keys_values.value.shape().text());
  Batch batch = make_batch(queries.value, keys_values.value, queries.width(), shape);
  Tensor y = forward(batch, probabilities);
  if (!any_tracked({&queries, &keys_values})) return Variable(std::move(y));
  const auto vjp = [batch = std::move(batch)](const Tensor& dy, InputCotangents& inputs) {
    const std::int64_t rows = batch.query_matrix.rows();
    const std::int64_t count = rows == 0 ? 0 : dy.rows() / rows;
    const bool query_wanted = inputs.wanted(0), key_wanted = inputs.wanted(1);
    Tensor dqueries, dkeys;
    if (query_wanted) dqueries = Tensor::uninitialized(dy.shape());
    if (key_wanted) {
      const Tensor& keys = batch.key_matrix;
      dkeys = new_cotangent(batch, {count * keys.rows(), keys.width()});
    }
    pull_back(batch, dy, query_wanted ? &dqueries : nullptr, key_wanted ? &dkeys : nullptr);
    if (query_wanted) inputs.add(0, std::move(dqueries));
    if (key_wanted) inputs.add(1, std::move(dkeys));
  };
  return record(std::move(y), {&queries, &keys_values}, vjp);
}

}  // namespace pellucid
