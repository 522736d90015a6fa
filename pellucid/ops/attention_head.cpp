// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/attention_head.h"

#include <algorithm>

#define HWY_TARGET_INCLUDE "pellucid/ops/attention_head.cpp"
#include "pellucid/ops/pack-inl.h"
#include "pellucid/ops/small_product-inl.h"
#include "pellucid/ops/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// Keys [first, last) that a block of queries sees. `first` falls on the start of a padded vector,
/// so that products can start there.
struct KeyRange {
  std::int64_t first, last;
  std::int64_t size() const { return last - first; }
};

KeyRange seen(const AttentionHead& head, std::int64_t begin, std::int64_t rows) {
  if (head.views == nullptr) return {0, head.keys};
  KeyRange range{head.keys, 0};
  for (std::int64_t q = begin; q < begin + rows; ++q) {
    range.first = std::min(range.first, head.views[q].first);
    range.last = std::max(range.last, head.views[q].last);
  }
  range.first -= range.first % kProductPadding;
  return range;
}

/// x y, with y packed transposed: scores, or cotangents of probabilities.
/// x: [rows, width]   transposed: [width, keys]   product: [rows, keys]
void times_transposed(const AttentionHead& head, const StridedRows<const float>& x,
                      std::int64_t rows, const KeyRange& range, const float* transposed,
                      float* product) {
  const std::int64_t stride = padded_odd(head.keys);
  small_product({.a = x.data,
                 .a_row = x.stride,
                 .a_column = 1,
                 .b = transposed + range.first,
                 .b_row = stride,
                 .c = product + range.first,
                 .c_row = stride,
                 .rows = rows,
                 .columns = range.size(),
                 .depth = head.width,
                 .add = false});
}

/// product = weights y over the keys of a range.
/// weights: [rows, keys]   y: [keys, width], packed   product: [rows, width]
void times_keys(const AttentionHead& head, const float* weights, std::int64_t rows,
                const KeyRange& range, const float* y, const StridedRows<float>& product) {
  small_product({.a = weights + range.first,
                 .a_row = padded_odd(head.keys),
                 .a_column = 1,
                 .b = y + range.first * padded(head.width),
                 .b_row = padded(head.width),
                 .c = product.data,
                 .c_row = product.stride,
                 .rows = rows,
                 .columns = head.width,
                 .depth = range.size(),
                 .add = false});
}

/// x = cap tanh(scale x / cap), and slope = d/dx of it over scale, if given.  x, slope: [size]
void cap_scores(float scale, float cap, float* x, float* slope, std::int64_t size) {
  const Floats d;
  const Vector inner = hn::Set(d, scale / cap), outer = hn::Set(d, cap), one = hn::Set(d, 1.0F);
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector t = tanh(hn::Mul(load_first(x + i, count), inner));
    store_first(hn::Mul(t, outer), x + i, count);
    if (slope != nullptr) store_first(hn::NegMulAdd(t, t, one), slope + i, count);
  });
}

/// x = scale x + bias, the bias of key i at table[places[i]], or table[i].  x: [size]
void add_bias(float scale, const float* table, const std::int32_t* places, float* x,
              std::int64_t size) {
  if (places != nullptr) {
    for (std::int64_t i = 0; i < size; ++i) x[i] = scale * x[i] + table[places[i]];
    return;
  }
  const Vector factor = hn::Set(Floats(), scale);
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const Vector sum = hn::MulAdd(load_first(x + i, count), factor, load_first(table + i, count));
    store_first(sum, x + i, count);
  });
}

/// Makes the scores of query q out of q k^T, but for the factor that is returned; what the query
/// does not see is left.  x: [keys]   slope: [keys] or null
float finish_scores(const AttentionHead& head, std::int64_t q, const KeyRange& view, float* x,
                    float* slope) {
  float scale = head.scale;
  if (head.cap > 0) {
    cap_scores(scale, head.cap, x + view.first, slope == nullptr ? nullptr : slope + view.first,
               view.size());
    scale = 1;
  }
  if (head.bias == nullptr) return scale;
  const float* table = head.bias + head.views[q].bias;
  if (head.places == nullptr) {
    add_bias(scale, table + view.first, nullptr, x + view.first, view.size());
  } else {
    add_bias(scale, table, head.places + view.first, x + view.first, view.size());
  }
  return 1;
}

KeyRange view_of(const AttentionHead& head, std::int64_t q) {
  if (head.views == nullptr) return {0, head.keys};
  return {head.views[q].first, head.views[q].last};
}

/// Zeroes what lies in the range but is not seen.  x: [keys]
void hide(const KeyRange& range, const KeyRange& view, float* x) {
  std::fill(x + range.first, x + view.first, 0.0F);
  std::fill(x + view.last, x + range.last, 0.0F);
}

/// y = softmax(scores) v; fills head.statistics.
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
    const KeyRange range = seen(head, begin, rows);
    times_transposed(head, {head.query.row(begin), head.query.stride}, rows, range, keys_transposed,
                     scores);
    for (std::int64_t r = 0; r < rows; ++r) {
      const KeyRange view = view_of(head, begin + r);
      float* row = scores + r * stride;
      float* own = row + view.first;
      float* statistics = head.statistics + 2 * (begin + r);
      const float scale = finish_scores(head, begin + r, view, row, nullptr);
      statistics[0] = scale * row_maximum(own, view.size());
      statistics[1] = 1 / row_exponentials(own, scale, statistics[0], own, view.size());
      hide(range, view, row);
      if (probabilities != nullptr) {
        float* copy = probabilities + (begin + r) * head.keys;
        hide({0, head.keys}, view, copy);
        row_scale(own, statistics[1], copy + view.first, view.size());
      }
    }
    for (std::int64_t r = begin; head.zeroed != nullptr && r < begin + rows; ++r) {
      if (head.zeroed[r] >= 0) scores[(r - begin) * stride + head.zeroed[r]] = 0;
    }
    times_keys(head, scores, rows, range, values, {y.row(begin), y.stride});
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
  float* slopes;                      // [block, keys] of capped scores, or null

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
    slopes = head.cap > 0 ? dy + block * padded(head.width) : nullptr;
    pack_transposed(head.key, head.keys, head.width, keys_transposed);
    pack_transposed(head.value, head.keys, head.width, values_transposed);
    pack(head.key, head.keys, head.width, keys);
  }
};

/// A block of queries and the keys that it sees.
struct QueryBlock {
  std::int64_t begin, rows;
  KeyRange range;
  bool add;  // to the cotangents of keys and values
};

/// sum = or += weights^T x over a block of queries.
/// weights: [rows, keys]   x: [rows, width]   sum: [keys, width]
void add_transposed_product(const AttentionHead& head, const float* weights, const float* x,
                            const QueryBlock& block, const StridedRows<float>& sum) {
  small_product({.a = weights + block.range.first,
                 .a_row = 1,
                 .a_column = padded_odd(head.keys),
                 .b = x,
                 .b_row = padded(head.width),
                 .c = sum.row(block.range.first),
                 .c_row = sum.stride,
                 .rows = block.range.size(),
                 .columns = head.width,
                 .depth = block.rows,
                 .add = block.add});
}

/// Cotangent k of a block of queries.
void block_vjp(const AttentionHead& head, const AttentionHeadVjp& vjp, const VjpScratch& scratch,
               std::int64_t k, const QueryBlock& block) {
  const std::int64_t stride = padded_odd(head.keys);
  const StridedRows<const float> dy{vjp.dy.row(block.begin) + k * vjp.dy_step, vjp.dy.stride};
  if (vjp.value.data != nullptr) {
    pack(dy, block.rows, head.width, scratch.dy);
    add_transposed_product(head, scratch.probabilities, scratch.dy, block,
                           {vjp.value.data + k * vjp.key_step, vjp.value.stride});
  }
  times_transposed(head, dy, block.rows, block.range, scratch.values_transposed,
                   scratch.cotangents);
  for (std::int64_t r = 0; r < block.rows; ++r) {
    const KeyRange view = view_of(head, block.begin + r);
    float* row = scratch.cotangents + r * stride;
    float* own = row + view.first;
    if (vjp.probabilities != nullptr) {
      float* copy = vjp.probabilities + k * vjp.probability_step + (block.begin + r) * head.keys;
      hide({0, head.keys}, view, copy);
      std::copy_n(own, view.size(), copy + view.first);
    }
    row_softmax_vjp(scratch.probabilities + r * stride + view.first, own, head.scale, own,
                    view.size());
    if (scratch.slopes != nullptr) {
      row_multiply(own, scratch.slopes + r * stride + view.first, own, view.size());
    }
    hide(block.range, view, row);
  }
  if (vjp.query.data != nullptr) {
    times_keys(head, scratch.cotangents, block.rows, block.range, scratch.keys,
               {vjp.query.row(block.begin) + k * vjp.query_step, vjp.query.stride});
  }
  if (vjp.key.data != nullptr) {
    add_transposed_product(head, scratch.cotangents, scratch.queries, block,
                           {vjp.key.data + k * vjp.key_step, vjp.key.stride});
  }
}

/// Probabilities of a block of queries, and the slopes of capped scores.
void recompute(const AttentionHead& head, const VjpScratch& scratch, const QueryBlock& block) {
  const std::int64_t stride = padded_odd(head.keys);
  const StridedRows<const float> queries{head.query.row(block.begin), head.query.stride};
  times_transposed(head, queries, block.rows, block.range, scratch.keys_transposed,
                   scratch.probabilities);
  for (std::int64_t r = 0; r < block.rows; ++r) {
    const KeyRange view = view_of(head, block.begin + r);
    float* row = scratch.probabilities + r * stride;
    float* own = row + view.first;
    float* slopes = scratch.slopes == nullptr ? nullptr : scratch.slopes + r * stride;
    const float* statistics = head.statistics + 2 * (block.begin + r);
    const float scale = finish_scores(head, block.begin + r, view, row, slopes);
    row_exponentials(own, scale, statistics[0], own, view.size());
    row_scale(own, statistics[1], own, view.size());
    hide(block.range, view, row);
  }
}

/// Keys that no block sees receive zeros, the others sums over blocks that start from zero.
void clear_key_cotangents(const AttentionHead& head, const AttentionHeadVjp& vjp) {
  for (const StridedRows<float>& rows : {vjp.key, vjp.value}) {
    if (rows.data == nullptr) continue;
    for (std::int64_t k = 0; k < vjp.count; ++k) {
      for (std::int64_t key = 0; key < head.keys; ++key) {
        std::fill_n(rows.row(key) + k * vjp.key_step, head.width, 0.0F);
      }
    }
  }
}

/// With P the probabilities: dV = P^T dY, dP = dY V^T, dS = scale P (dP - sum(P dP)), dQ = dS K,
/// dK = dS^T Q.  sum(P dP) over the keys is what Dao et al. write as sum(dY Y) over the width:
/// rows of P are whole here, so Y need not be kept.
void head_vjp(const AttentionHead& head, const AttentionHeadVjp& vjp) {
  const VjpScratch scratch(head);
  const bool clear = head.views != nullptr && !vjp.add;
  if (clear) clear_key_cotangents(head, vjp);
  const std::int64_t size = query_block(head.keys);
  for (std::int64_t begin = 0; begin < head.queries; begin += size) {
    const std::int64_t rows = std::min(size, head.queries - begin);
    const QueryBlock block{begin, rows, seen(head, begin, rows), vjp.add || clear || begin > 0};
    if (vjp.key.data != nullptr) {
      pack({head.query.row(begin), head.query.stride}, rows, head.width, scratch.queries);
    }
    recompute(head, scratch, block);
    for (std::int64_t k = 0; k < vjp.count; ++k) block_vjp(head, vjp, scratch, k, block);
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
