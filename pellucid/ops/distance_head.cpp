// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/distance_head.h"

#include <algorithm>
#include <limits>

#define HWY_TARGET_INCLUDE "pellucid/ops/distance_head.cpp"
#include "pellucid/ops/pack-inl.h"
#include "pellucid/ops/small_product-inl.h"
#include "pellucid/ops/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// C = A B or C += A B with everything row-major.
void product(const StridedRows<const float>& a, const StridedRows<const float>& b,
             const StridedRows<float>& c, std::int64_t rows, std::int64_t columns,
             std::int64_t depth, bool add) {
  small_product({.a = a.data,
                 .a_row = a.stride,
                 .a_column = 1,
                 .b = b.data,
                 .b_row = b.stride,
                 .c = c.data,
                 .c_row = c.stride,
                 .rows = rows,
                 .columns = columns,
                 .depth = depth,
                 .add = add});
}

/// C = A^T B or C += A^T B.  A: [depth, rows]
void transposed_product(const StridedRows<const float>& a, const StridedRows<const float>& b,
                        const StridedRows<float>& c, std::int64_t rows, std::int64_t columns,
                        std::int64_t depth, bool add) {
  small_product({.a = a.data,
                 .a_row = 1,
                 .a_column = a.stride,
                 .b = b.data,
                 .b_row = b.stride,
                 .c = c.data,
                 .c_row = c.stride,
                 .rows = rows,
                 .columns = columns,
                 .depth = depth,
                 .add = add});
}

/// The packed inputs and the block at hand.
struct Packed {
  std::int64_t stride, width_stride, row_stride, tile_stride;
  float *keys_transposed, *values, *scores;  // values: [keys, width]
  float *position_keys_transposed, *position_queries_transposed, *tile;
  // for the VJP
  float *values_transposed = nullptr, *keys = nullptr, *cotangents = nullptr;
  float *queries = nullptr, *dy = nullptr, *position_keys = nullptr, *position_queries = nullptr;

  Packed(const DistanceHead& head, bool vjp)
      : stride(padded_odd(head.keys)),
        width_stride(padded(head.width)),
        row_stride(padded_odd(head.rows)),
        tile_stride(padded_odd(head.tile_rows)) {
    float* next = head.scratch;
    const auto take = [&](std::int64_t size) {
      float* here = next;
      next += size;
      return here;
    };
    const std::int64_t block = query_block(head.keys);
    keys_transposed = take(head.width * stride);
    values = take(head.keys * width_stride);
    scores = take(block * stride);
    position_keys_transposed = take(head.width * row_stride + 16);
    position_queries_transposed = take(head.width * row_stride + 16);
    tile = take(kKeyTile * tile_stride);
    pack_transposed(head.key, head.keys, head.width, keys_transposed);
    pack_positions(head, head.position_key, position_keys_transposed);
    pack_positions(head, head.position_query, position_queries_transposed);
    if (!vjp) {
      pack(head.value, head.keys, head.width, values);
      return;
    }
    keys = values;  // the VJP needs values transposed and keys both ways
    values_transposed = take(head.width * stride);
    cotangents = take(block * stride);
    queries = take(block * width_stride);
    dy = take(block * width_stride);
    position_keys = take(head.rows * width_stride);
    position_queries = take(head.rows * width_stride);
    pack(head.key, head.keys, head.width, keys);
    pack_transposed(head.value, head.keys, head.width, values_transposed);
    if (head.position_key.data != nullptr) {
      pack(used_rows(head, head.position_key), head.rows, head.width, position_keys);
    }
    if (head.position_query.data != nullptr) {
      pack(used_rows(head, head.position_query), head.rows, head.width, position_queries);
    }
  }

  static StridedRows<const float> used_rows(const DistanceHead& head,
                                            const StridedRows<const float>& from) {
    return {from.row(head.first_row), from.stride};
  }

  static void pack_positions(const DistanceHead& head, const StridedRows<const float>& from,
                             float* to) {
    if (from.data == nullptr) return;
    pack_transposed(used_rows(head, from), head.rows, head.width, to);
  }
};

/// A block of queries and some of the keys: all their distances have rows [first, last].
struct Tile {
  std::int64_t query_begin, queries, key_begin, keys, first, last;
  std::int64_t rows() const { return last - first + 1; }
};

/// body(tile) for the tiles of a block of queries. Query and key places ascend.
template <class Body>
void for_tiles(const DistanceHead& head, std::int64_t begin, std::int64_t queries,
               const Body& body) {
  for (std::int64_t key = 0; key < head.keys; key += kKeyTile) {
    const std::int64_t keys = std::min(kKeyTile, head.keys - key);
    body(Tile{begin, queries, key, keys, head.row[head.distance(begin, key + keys - 1)],
              head.row[head.distance(begin + queries - 1, key)]});
  }
}

/// body(query of the tile, key of the tile, row of their distance within the tile's)
template <class Body>
void for_pairs(const DistanceHead& head, const Tile& tile, const Body& body) {
  for (std::int64_t q = 0; q < tile.queries; ++q) {
    const std::int32_t* from = head.row + head.places[head.own_keys[tile.query_begin + q]];
    const std::int32_t* places = head.places + tile.key_begin;
    for (std::int64_t k = 0; k < tile.keys; ++k) body(q, k, from[-places[k]] - tile.first);
  }
}

/// Adds the terms of distances to the scores of a tile.
void add_distance_terms(const DistanceHead& head, const Packed& packed, const Tile& tile) {
  float* scores = packed.scores + tile.key_begin;
  const std::int64_t stride = packed.stride, tile_stride = packed.tile_stride;
  const float* products = packed.tile;
  const std::int64_t offset = tile.first - head.first_row;
  const StridedRows<float> target{packed.tile, tile_stride};
  if (head.position_key.data != nullptr) {
    product({head.query.row(tile.query_begin), head.query.stride},
            {packed.position_keys_transposed + offset, packed.row_stride}, target, tile.queries,
            tile.rows(), head.width, false);
    for_pairs(head, tile, [=](std::int64_t q, std::int64_t k, std::int64_t row) {
      scores[q * stride + k] += products[q * tile_stride + row];
    });
  }
  if (head.position_query.data != nullptr) {
    product({head.key.row(tile.key_begin), head.key.stride},
            {packed.position_queries_transposed + offset, packed.row_stride}, target, tile.keys,
            tile.rows(), head.width, false);
    for_pairs(head, tile, [=](std::int64_t q, std::int64_t k, std::int64_t row) {
      scores[q * stride + k] += products[k * tile_stride + row];
    });
  }
  if (head.bias != nullptr) {
    const float* bias = head.bias + tile.first;
    for_pairs(head, tile, [=](std::int64_t q, std::int64_t k, std::int64_t row) {
      scores[q * stride + k] += bias[row];
    });
  }
}

/// q keys[s] of both s.
void add_segment_terms(const DistanceHead& head, std::int64_t query, float* scores) {
  float terms[2];
  for (std::int64_t s = 0; s < 2; ++s) {
    const float* a = head.query.row(query);
    const float* b = head.segment_key.row(s);
    terms[s] = sum_vectors(head.width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
      return hn::Mul(load_first(a + i, count), load_first(b + i, count));
    });
    if (head.segment_bias != nullptr) terms[s] += head.segment_bias[s];
  }
  const std::int32_t own = head.segments[head.own_keys[query]];
  for (std::int64_t k = 0; k < head.keys; ++k) scores[k] += terms[head.segments[k] == own ? 0 : 1];
}

/// scores of the queries [begin, begin + rows), not scaled; what is hidden is minus infinity
void block_scores(const DistanceHead& head, const Packed& packed, std::int64_t begin,
                  std::int64_t rows) {
  product({head.query.row(begin), head.query.stride}, {packed.keys_transposed, packed.stride},
          {packed.scores, packed.stride}, rows, head.keys, head.width, false);
  if (head.has_distance()) {
    for_tiles(head, begin, rows, [&](const Tile& tile) { add_distance_terms(head, packed, tile); });
  }
  for (std::int64_t q = 0; q < rows; ++q) {
    float* scores = packed.scores + q * packed.stride;
    if (head.segment_key.data != nullptr) add_segment_terms(head, begin + q, scores);
    for (std::int64_t k = 0; head.hidden != nullptr && k < head.keys; ++k) {
      if (head.hidden[k] != 0 && head.own_keys[begin + q] != k) {
        scores[k] = -std::numeric_limits<float>::infinity();
      }
    }
  }
}

void head_forward(const DistanceHead& head, const StridedRows<float>& y, float* probabilities) {
  const Packed packed(head, false);
  const std::int64_t block = query_block(head.keys);
  for (std::int64_t begin = 0; begin < head.queries; begin += block) {
    const std::int64_t rows = std::min(block, head.queries - begin);
    block_scores(head, packed, begin, rows);
    for (std::int64_t r = 0; r < rows; ++r) {
      float* row = packed.scores + r * packed.stride;
      float* statistics = head.statistics + 2 * (begin + r);
      statistics[0] = head.scale * row_maximum(row, head.keys);
      statistics[1] = 1 / row_exponentials(row, head.scale, statistics[0], row, head.keys);
      row_scale(row, statistics[1], row, head.keys);
      if (probabilities != nullptr) {
        std::copy_n(row, head.keys, probabilities + (begin + r) * head.keys);
      }
      if (head.zeroed != nullptr && head.zeroed[begin + r] >= 0) row[head.zeroed[begin + r]] = 0;
    }
    product({packed.scores, packed.stride}, {packed.values, packed.width_stride},
            {y.row(begin), y.stride}, rows, head.width, head.keys, false);
  }
}

/// dq += the terms of distances' share, from the cotangents of a tile's scores.
void pull_to_queries(const DistanceHead& head, const Packed& packed, const Tile& tile,
                     const StridedRows<float>& dquery) {
  const float* from = packed.cotangents + tile.key_begin;
  const std::int64_t stride = packed.stride, tile_stride = packed.tile_stride;
  float* sums = packed.tile;
  for (std::int64_t q = 0; q < tile.queries; ++q) {
    std::fill_n(sums + q * tile_stride, tile.rows(), 0.0F);
  }
  for_pairs(head, tile, [=](std::int64_t q, std::int64_t k, std::int64_t row) {
    sums[q * tile_stride + row] += from[q * stride + k];
  });
  const float* rows = packed.position_keys + (tile.first - head.first_row) * packed.width_stride;
  product({sums, tile_stride}, {rows, packed.width_stride}, dquery, tile.queries, head.width,
          tile.rows(), true);
}

/// dk += the same for keys.
void pull_to_keys(const DistanceHead& head, const Packed& packed, const Tile& tile,
                  const StridedRows<float>& dkey) {
  const float* from = packed.cotangents + tile.key_begin;
  const std::int64_t stride = packed.stride, tile_stride = packed.tile_stride;
  float* sums = packed.tile;
  for (std::int64_t k = 0; k < tile.keys; ++k) {
    std::fill_n(sums + k * tile_stride, tile.rows(), 0.0F);
  }
  for_pairs(head, tile, [=](std::int64_t q, std::int64_t k, std::int64_t row) {
    sums[k * tile_stride + row] += from[q * stride + k];
  });
  const float* rows = packed.position_queries + (tile.first - head.first_row) * packed.width_stride;
  product({sums, tile_stride}, {rows, packed.width_stride}, {dkey.row(tile.key_begin), dkey.stride},
          tile.keys, head.width, tile.rows(), true);
}

void pull_segments(const DistanceHead& head, std::int64_t query, const float* cotangents,
                   float* dquery) {
  const std::int32_t own = head.segments[head.own_keys[query]];
  float sums[2] = {0, 0};
  for (std::int64_t k = 0; k < head.keys; ++k) {
    sums[head.segments[k] == own ? 0 : 1] += cotangents[k];
  }
  const Vector same = hn::Set(Floats(), sums[0]), other = hn::Set(Floats(), sums[1]);
  for_vectors(head.width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    Vector v = load_first(dquery + i, count);
    v = hn::MulAdd(same, load_first(head.segment_key.row(0) + i, count), v);
    v = hn::MulAdd(other, load_first(head.segment_key.row(1) + i, count), v);
    store_first(v, dquery + i, count);
  });
}

/// From cotangents of the scores of a block to those of queries and keys.
void pull_scores(const DistanceHead& head, const AttentionHeadVjp& vjp, const Packed& packed,
                 std::int64_t k, std::int64_t begin, std::int64_t rows) {
  const StridedRows<const float> cotangents{packed.cotangents, packed.stride};
  if (vjp.query.data != nullptr) {
    const StridedRows<float> dquery{vjp.query.row(begin) + k * vjp.query_step, vjp.query.stride};
    product(cotangents, {packed.keys, packed.width_stride}, dquery, rows, head.width, head.keys,
            false);
    if (head.position_key.data != nullptr) {
      for_tiles(head, begin, rows,
                [&](const Tile& tile) { pull_to_queries(head, packed, tile, dquery); });
    }
    for (std::int64_t q = 0; head.segment_key.data != nullptr && q < rows; ++q) {
      pull_segments(head, begin + q, cotangents.row(q), dquery.row(q));
    }
  }
  if (vjp.key.data != nullptr) {
    const StridedRows<float> dkey{vjp.key.data + k * vjp.key_step, vjp.key.stride};
    transposed_product(cotangents, {packed.queries, packed.width_stride}, dkey, head.keys,
                       head.width, rows, begin > 0);
    if (head.position_query.data != nullptr) {
      for_tiles(head, begin, rows,
                [&](const Tile& tile) { pull_to_keys(head, packed, tile, dkey); });
    }
  }
}

/// With P the probabilities: dV = P^T dY, dP = dY V^T, dS = scale P (dP - sum(P dP)); then through
/// the terms of the scores.
void head_vjp(const DistanceHead& head, const AttentionHeadVjp& vjp) {
  const Packed packed(head, true);
  const std::int64_t block = query_block(head.keys);
  for (std::int64_t begin = 0; begin < head.queries; begin += block) {
    const std::int64_t rows = std::min(block, head.queries - begin);
    pack({head.query.row(begin), head.query.stride}, rows, head.width, packed.queries);
    block_scores(head, packed, begin, rows);
    for (std::int64_t r = 0; r < rows; ++r) {
      float* row = packed.scores + r * packed.stride;
      const float* statistics = head.statistics + 2 * (begin + r);
      row_exponentials(row, head.scale, statistics[0], row, head.keys);
      row_scale(row, statistics[1], row, head.keys);
    }
    for (std::int64_t k = 0; k < vjp.count; ++k) {
      const StridedRows<const float> dy{vjp.dy.row(begin) + k * vjp.dy_step, vjp.dy.stride};
      if (vjp.value.data != nullptr) {
        pack(dy, rows, head.width, packed.dy);
        transposed_product({packed.scores, packed.stride}, {packed.dy, packed.width_stride},
                           {vjp.value.data + k * vjp.key_step, vjp.value.stride}, head.keys,
                           head.width, rows, begin > 0);
      }
      product(dy, {packed.values_transposed, packed.stride}, {packed.cotangents, packed.stride},
              rows, head.keys, head.width, false);
      for (std::int64_t r = 0; r < rows; ++r) {
        float* row = packed.cotangents + r * packed.stride;
        if (vjp.probabilities != nullptr) {
          std::copy_n(row, head.keys,
                      vjp.probabilities + k * vjp.probability_step + (begin + r) * head.keys);
        }
        row_softmax_vjp(packed.scores + r * packed.stride, row, head.scale, row, head.keys);
      }
      pull_scores(head, vjp, packed, k, begin, rows);
    }
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

void distance_head(const DistanceHead& head, const StridedRows<float>& y, float* probabilities) {
  HWY_DYNAMIC_DISPATCH(head_forward)(head, y, probabilities);
}

void distance_head_vjp(const DistanceHead& head, const AttentionHeadVjp& vjp) {
  HWY_DYNAMIC_DISPATCH(head_vjp)(head, vjp);
}

}  // namespace pellucid
#endif
