// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/attention_head.h"

#include <algorithm>

#define HWY_TARGET_INCLUDE "pellucid/ops/attention_head.cpp"
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

}  // namespace

void attention_head(const AttentionHead& head, const StridedRows<float>& y, float* probabilities) {
  HWY_DYNAMIC_DISPATCH(head_forward)(head, y, probabilities);
}

void attention_head_vjp(const AttentionHead& head, const AttentionHeadVjp& vjp) {
  HWY_DYNAMIC_DISPATCH(head_vjp)(head, vjp);
}

}  // namespace pellucid
#endif
