// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/attention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/attention_head.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/attention.cpp"
#include "pellucid/ops/small_product-inl.h"
#include "pellucid/ops/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// to = from, with zeros up to the padded width.  from: [rows, width]
void pack(const StridedRows<const float>& from, std::int64_t rows, std::int64_t width, float* to) {
  const std::int64_t stride = padded(width);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(from.row(r), width, to + r * stride);
    std::fill(to + r * stride + width, to + (r + 1) * stride, 0.0F);
  }
}

/// Four rows and four columns at once: to[i * stride + r] = from.row(r)[i] for r, i < 4.
HWY_INLINE void transpose_block(const float* from, std::int64_t from_stride, float* to,
                                std::int64_t to_stride) {
#if HWY_TARGET == HWY_SCALAR
  for (int i = 0; i < 16; ++i) to[i % 4 * to_stride + i / 4] = from[i / 4 * from_stride + i % 4];
#else
  const hn::Full128<float> d;
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + from_stride);
  const auto c = hn::LoadU(d, from + 2 * from_stride), e = hn::LoadU(d, from + 3 * from_stride);
  const auto ab_lower = hn::InterleaveLower(d, a, b), ce_lower = hn::InterleaveLower(d, c, e);
  const auto ab_upper = hn::InterleaveUpper(d, a, b), ce_upper = hn::InterleaveUpper(d, c, e);
  hn::StoreU(hn::ConcatLowerLower(d, ce_lower, ab_lower), d, to);
  hn::StoreU(hn::ConcatUpperUpper(d, ce_lower, ab_lower), d, to + to_stride);
  hn::StoreU(hn::ConcatLowerLower(d, ce_upper, ab_upper), d, to + 2 * to_stride);
  hn::StoreU(hn::ConcatUpperUpper(d, ce_upper, ab_upper), d, to + 3 * to_stride);
#endif
}

/// to = from^T, with zeros up to the padded number of rows.  from: [rows, width]
void pack_transposed(const StridedRows<const float>& from, std::int64_t rows, std::int64_t width,
                     float* to) {
  const std::int64_t stride = padded_odd(rows);
  const std::int64_t whole_rows = rows / 4 * 4, whole_columns = width / 4 * 4;
  for (std::int64_t r = 0; r < whole_rows; r += 4) {
    for (std::int64_t i = 0; i < whole_columns; i += 4) {
      transpose_block(from.row(r) + i, from.stride, to + i * stride + r, stride);
    }
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = r < whole_rows ? whole_columns : 0; i < width; ++i) {
      to[i * stride + r] = from.row(r)[i];
    }
  }
  for (std::int64_t i = 0; i < width; ++i) {
    std::fill(to + i * stride + rows, to + (i + 1) * stride, 0.0F);
  }
}

/// x y, with y packed transposed: scores, or cotangents of probabilities.
/// x: [rows, width]   transposed: [width, keys]   product: [rows, keys]
void times_transposed(const AttentionHead& head, const StridedRows<const float>& x,
                      std::int64_t rows, const float* transposed, float* product) {
  const std::int64_t stride = padded_odd(head.keys);
  small_product({.a = x.data,
                 .a_row = x.stride,
                 .a_column = 1,
                 .b = transposed,
                 .b_row = stride,
                 .c = product,
                 .c_row = stride,
                 .rows = rows,
                 .columns = head.keys,
                 .depth = head.width,
                 .add = false});
}

/// y = softmax(scale q k^T) v; fills head.statistics.
/// y: [queries, width]   probabilities: [queries, keys] or null
void head_forward(const AttentionHead& head, const StridedRows<float>& y, float* probabilities) {
  const std::int64_t stride = padded_odd(head.keys);
  float* keys_transposed = head.scratch;
  float* values = keys_transposed + head.width * stride;
  float* scores = values + head.keys * padded(head.width);
  pack_transposed(head.key, head.keys, head.width, keys_transposed);
  pack(head.value, head.keys, head.width, values);
  const std::int64_t block = query_block(head.keys);
  for (std::int64_t begin = 0; begin < head.queries; begin += block) {
    const std::int64_t rows = std::min(block, head.queries - begin);
    times_transposed(head, {head.query.row(begin), head.query.stride}, rows, keys_transposed,
                     scores);
    for (std::int64_t r = 0; r < rows; ++r) {
      float* row = scores + r * stride;
      float* statistics = head.statistics + 2 * (begin + r);
      statistics[0] = head.scale * row_maximum(row, head.keys);
      statistics[1] = 1 / row_exponentials(row, head.scale, statistics[0], row, head.keys);
      if (probabilities != nullptr) {
        row_scale(row, statistics[1], probabilities + (begin + r) * head.keys, head.keys);
      }
    }
    small_product({.a = scores,
                   .a_row = stride,
                   .a_column = 1,
                   .b = values,
                   .b_row = padded(head.width),
                   .c = y.row(begin),
                   .c_row = y.stride,
                   .rows = rows,
                   .columns = head.width,
                   .depth = head.keys,
                   .add = false});
    for (std::int64_t r = begin; r < begin + rows; ++r) {
      row_scale(y.row(r), head.statistics[2 * r + 1], y.row(r), head.width);
    }
  }
}

/// The packed inputs and the block at hand.
struct VjpScratch {
  float *keys_transposed, *values_transposed, *keys;
  float *probabilities, *cotangents;  // [block, keys]
  float *queries, *dy;                // [block, width]

  explicit VjpScratch(const AttentionHead& head) {
    const std::int64_t transposed = head.width * padded_odd(head.keys);
    const std::int64_t block = query_block(head.keys);
    keys_transposed = head.scratch;
    values_transposed = keys_transposed + transposed;
    keys = values_transposed + transposed;
    probabilities = keys + head.keys * padded(head.width);
    cotangents = probabilities + block * padded_odd(head.keys);
    queries = cotangents + block * padded_odd(head.keys);
    dy = queries + block * padded(head.width);
    pack_transposed(head.key, head.keys, head.width, keys_transposed);
    pack_transposed(head.value, head.keys, head.width, values_transposed);
    pack(head.key, head.keys, head.width, keys);
  }
};

/// sum = or += weights^T x over a block of queries.
/// weights: [rows, keys]   x: [rows, width]   sum: [keys, width]
void add_transposed_product(const AttentionHead& head, const float* weights, const float* x,
                            std::int64_t rows, bool add, const StridedRows<float>& sum) {
  small_product({.a = weights,
                 .a_row = 1,
                 .a_column = padded_odd(head.keys),
                 .b = x,
                 .b_row = padded(head.width),
                 .c = sum.data,
                 .c_row = sum.stride,
                 .rows = head.keys,
                 .columns = head.width,
                 .depth = rows,
                 .add = add});
}

/// Cotangent k of the block of `rows` queries from `begin` on.
void block_vjp(const AttentionHead& head, const AttentionHeadVjp& vjp, const VjpScratch& scratch,
               std::int64_t k, std::int64_t begin, std::int64_t rows) {
  const std::int64_t stride = padded_odd(head.keys);
  const StridedRows<const float> dy{vjp.dy.row(begin) + k * vjp.dy_step, vjp.dy.stride};
  if (vjp.value.data != nullptr) {
    pack(dy, rows, head.width, scratch.dy);
    add_transposed_product(head, scratch.probabilities, scratch.dy, rows, begin > 0,
                           {vjp.value.data + k * vjp.key_step, vjp.value.stride});
  }
  times_transposed(head, dy, rows, scratch.values_transposed, scratch.cotangents);
  for (std::int64_t r = 0; r < rows; ++r) {
    float* row = scratch.cotangents + r * stride;
    row_softmax_vjp(scratch.probabilities + r * stride, row, head.scale, row, head.keys);
  }
  if (vjp.query.data != nullptr) {
    small_product({.a = scratch.cotangents,
                   .a_row = stride,
                   .a_column = 1,
                   .b = scratch.keys,
                   .b_row = padded(head.width),
                   .c = vjp.query.row(begin) + k * vjp.query_step,
                   .c_row = vjp.query.stride,
                   .rows = rows,
                   .columns = head.width,
                   .depth = head.keys,
                   .add = false});
  }
  if (vjp.key.data != nullptr) {
    add_transposed_product(head, scratch.cotangents, scratch.queries, rows, begin > 0,
                           {vjp.key.data + k * vjp.key_step, vjp.key.stride});
  }
}

/// With P the probabilities: dV = P^T dY, dP = dY V^T, dS = scale P (dP - sum(P dP)), dQ = dS K,
/// dK = dS^T Q.  sum(P dP) over the keys is what Dao et al. write as sum(dY Y) over the width:
/// rows of P are whole here, so Y need not be kept.
void head_vjp(const AttentionHead& head, const AttentionHeadVjp& vjp) {
  const std::int64_t stride = padded_odd(head.keys);
  const VjpScratch scratch(head);
  const std::int64_t block = query_block(head.keys);
  for (std::int64_t begin = 0; begin < head.queries; begin += block) {
    const std::int64_t rows = std::min(block, head.queries - begin);
    const StridedRows<const float> queries{head.query.row(begin), head.query.stride};
    if (vjp.key.data != nullptr) pack(queries, rows, head.width, scratch.queries);
    times_transposed(head, queries, rows, scratch.keys_transposed, scratch.probabilities);
    for (std::int64_t r = 0; r < rows; ++r) {
      float* row = scratch.probabilities + r * stride;
      const float* statistics = head.statistics + 2 * (begin + r);
      row_exponentials(row, head.scale, statistics[0], row, head.keys);
      row_scale(row, statistics[1], row, head.keys);
    }
    for (std::int64_t k = 0; k < vjp.count; ++k) block_vjp(head, vjp, scratch, k, begin, rows);
  }
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(head_forward);
HWY_EXPORT(head_vjp);

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
    HWY_DYNAMIC_DISPATCH(head_forward)
    (head, {y.row(batch.query_begin(s)) + h * batch.width, hidden}, copy);
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
    HWY_DYNAMIC_DISPATCH(head_vjp)(head, vjp);
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
#endif
