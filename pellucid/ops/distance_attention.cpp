// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/distance_attention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/contrast.h"
#include "pellucid/ops/distance_head.h"

namespace pellucid {
namespace {

using Offsets = std::vector<std::int64_t>;

/// The matrices of all sequences and heads, and how they are cut.
struct DistanceBatch {
  std::int64_t heads = 1, width = 0;  // width of a head
  float scale = 1;
  Offsets query_offsets, key_offsets;
  Tensor query_matrix, key_matrix;
  Tensor statistics;                   // [heads, query rows, 2]
  std::vector<std::int64_t> own_keys;  // [query rows]: within the sequence
  std::vector<std::int32_t> places;    // [key rows]
  const DistanceTerms* distance;       // or null
  Tensor segment_keys, segment_bias;
  std::vector<std::int32_t> segments;         // [key rows], or empty
  std::vector<std::uint8_t> hidden;           // [key rows], or empty
  std::span<const std::int64_t> zeroed = {};  // [query rows], or empty; read by the forward alone

  std::int64_t sequences() const { return static_cast<std::int64_t>(query_offsets.size()) - 1; }
  std::int64_t query_begin(std::int64_t s) const { return query_offsets[std::size_t(s)]; }
  std::int64_t key_begin(std::int64_t s) const { return key_offsets[std::size_t(s)]; }
  std::int64_t queries(std::int64_t s) const { return query_begin(s + 1) - query_begin(s); }
  std::int64_t keys(std::int64_t s) const { return key_begin(s + 1) - key_begin(s); }

  /// Head h of sequence s, without scratch.
  DistanceHead head(std::int64_t s, std::int64_t h) const {
    const std::int64_t hidden_width = heads * width;
    const float* keys_from = key_matrix.row(key_begin(s)) + h * width;
    const float* statistics_data =
        statistics.data() + 2 * (h * query_matrix.rows() + query_begin(s));
    DistanceHead head{.queries = queries(s),
                      .keys = keys(s),
                      .width = width,
                      .scale = scale,
                      .query = {query_matrix.row(query_begin(s)) + h * width, hidden_width},
                      .key = {keys_from, key_matrix.width()},
                      .value = {keys_from + hidden_width, key_matrix.width()},
                      .own_keys = own_keys.data() + query_begin(s),
                      .places = places.data() + key_begin(s),
                      .statistics = const_cast<float*>(statistics_data)};
    if (!segments.empty()) {
      head.segment_key = {segment_keys.data() + h * width, hidden_width};
      head.segment_bias = segment_bias.defined() ? segment_bias.row(h) : nullptr;
      head.segments = segments.data() + key_begin(s);
    }
    if (!zeroed.empty()) head.zeroed = zeroed.data() + query_begin(s);
    if (!hidden.empty()) head.hidden = hidden.data() + key_begin(s);
    if (distance != nullptr && head.queries > 0) add_distances(h, head);
    return head;
  }

 private:
  void add_distances(std::int64_t h, DistanceHead& head) const {
    const auto vectors = [&](const Tensor& of) {
      return of.defined() ? StridedRows<const float>{of.data() + h * width, of.width()}
                          : StridedRows<const float>{};
    };
    head.position_key = vectors(distance->keys);
    head.position_query = vectors(distance->queries);
    head.bias = distance->bias.defined() ? distance->bias.row(h) : nullptr;
    const std::int64_t nearest = head.distance(0, head.keys - 1);
    const std::int64_t farthest = head.distance(head.queries - 1, 0);
    const auto size = static_cast<std::int64_t>(distance->row.size());
    check(distance->zero + nearest >= 0 && distance->zero + farthest < size,
          "distance_attention: distances {} to {} are needed, but the table has {} to {}", nearest,
          farthest, -distance->zero, size - 1 - distance->zero);
    head.row = distance->row.data() + distance->zero;
    head.first_row = head.row[nearest];
    head.rows = head.row[farthest] - head.first_row + 1;
    const std::int64_t block = query_block(head.keys);
    for (std::int64_t begin = 0; begin < head.queries; begin += block) {
      const std::int64_t last = std::min(begin + block, head.queries) - 1;
      for (std::int64_t key = 0; key < head.keys; key += kKeyTile) {
        const std::int64_t last_key = std::min(key + kKeyTile, head.keys) - 1;
        const std::int64_t rows =
            head.row[head.distance(last, key)] - head.row[head.distance(begin, last_key)] + 1;
        head.tile_rows = std::max(head.tile_rows, rows);
      }
    }
  }
};

void check_shapes(const Variable& queries, const Variable& keys_values,
                  const DistanceAttentionShape& shape) {
  const std::int64_t hidden = queries.width();
  check(keys_values.width() == 2 * hidden,
        "distance_attention: queries are {} and keys with values {}, expected twice the width",
        queries.value.shape().text(), keys_values.value.shape().text());
  check(shape.heads > 0 && hidden % shape.heads == 0 && shape.scale > 0,
        "distance_attention: width {} cannot be cut into {} heads, scale {}", hidden, shape.heads,
        shape.scale);
  const auto fits = [](std::span<const std::int64_t> offsets, std::int64_t rows) {
    return !offsets.empty() && offsets.front() == 0 && offsets.back() == rows &&
           std::is_sorted(offsets.begin(), offsets.end());
  };
  check(fits(shape.query_offsets, queries.rows()) && fits(shape.key_offsets, keys_values.rows()) &&
            shape.query_offsets.size() == shape.key_offsets.size(),
        "distance_attention: the offsets do not run from 0 to {} queries and {} keys",
        queries.rows(), keys_values.rows());
  const auto sized = [&](std::size_t size, std::int64_t rows, const char* what) {
    check(size == 0 || static_cast<std::int64_t>(size) == rows,
          "distance_attention: {} {}, expected {}", size, what, rows);
  };
  sized(shape.query_rows.size(), queries.rows(), "keys of queries");
  sized(shape.key_places.size(), keys_values.rows(), "places of keys");
  sized(shape.segment.segments.size(), keys_values.rows(), "segments of keys");
  sized(shape.hidden.size(), keys_values.rows(), "marks of hidden keys");
  sized(shape.zeroed.size(), queries.rows(), "zeroed values");
  if (shape.distance == nullptr) return;
  for (const Tensor* vectors : {&shape.distance->keys, &shape.distance->queries}) {
    check(!vectors->defined() || vectors->width() == hidden,
          "distance_attention: the vectors of distances are {}, expected width {}",
          vectors->shape().text(), hidden);
  }
  check(std::is_sorted(shape.distance->row.begin(), shape.distance->row.end()),
        "distance_attention: the rows of distances do not ascend");
}

/// Where queries and keys stand: the key of each query, and the place of each key.
void read_places(const DistanceAttentionShape& shape, DistanceBatch& batch) {
  batch.own_keys.resize(static_cast<std::size_t>(batch.query_matrix.rows()));
  batch.places.assign(shape.key_places.begin(), shape.key_places.end());
  batch.places.resize(static_cast<std::size_t>(batch.key_matrix.rows()));
  for (std::int64_t s = 0; s < batch.sequences(); ++s) {
    const std::int64_t keys = batch.keys(s);
    check(keys > 0 || batch.queries(s) == 0,
          "distance_attention: sequence {} has queries but no keys", s);
    std::int32_t* places = batch.places.data() + batch.key_begin(s);
    for (std::int64_t key = 0; key < keys; ++key) {
      if (shape.key_places.empty()) places[key] = static_cast<std::int32_t>(key);
      check(key == 0 || places[key] > places[key - 1],
            "distance_attention: the places of keys do not ascend in sequence {}", s);
    }
    std::int64_t before = -1;
    for (std::int64_t q = batch.query_begin(s); q < batch.query_begin(s + 1); ++q) {
      std::int64_t& own = batch.own_keys[std::size_t(q)];
      own = shape.query_rows.empty() ? q - batch.query_begin(s)
                                     : shape.query_rows[std::size_t(q)] - batch.key_begin(s);
      check(before <= own && own < keys,
            "distance_attention: query {} stands at key {} of a sequence of {} keys, behind {}", q,
            own, keys, before);
      before = own;
    }
  }
}

DistanceBatch make_distance_batch(const Variable& queries, const Variable& keys_values,
                                  const DistanceAttentionShape& shape) {
  check_shapes(queries, keys_values, shape);
  DistanceBatch batch{
      .heads = shape.heads,
      .width = queries.width() / shape.heads,
      .scale = shape.scale,
      .query_offsets = Offsets(shape.query_offsets.begin(), shape.query_offsets.end()),
      .key_offsets = Offsets(shape.key_offsets.begin(), shape.key_offsets.end()),
      .query_matrix = queries.value,
      .key_matrix = keys_values.value,
      .statistics = Tensor::uninitialized({shape.heads, queries.rows(), 2}),
      .own_keys = {},
      .places = {},
      .distance = shape.distance != nullptr && shape.distance->used() ? shape.distance : nullptr,
      .segment_keys = shape.segment.keys,
      .segment_bias = shape.segment.bias,
      .segments = {},
      .hidden = std::vector<std::uint8_t>(shape.hidden.begin(), shape.hidden.end()),
      .zeroed = shape.zeroed};
  if (shape.segment.keys.defined()) {
    batch.segments.assign(shape.segment.segments.begin(), shape.segment.segments.end());
  }
  read_places(shape, batch);
  return batch;
}

/// work(sequence, head, head with scratch) for all, shared among threads.
template <class Work>
void for_distance_heads(const DistanceBatch& batch, bool vjp, const Work& work) {
  parallel_tasks(batch.sequences() * batch.heads, [&](std::int64_t index) {
    const std::int64_t s = index / batch.heads, h = index % batch.heads;
    if (batch.queries(s) == 0) return;
    DistanceHead head = batch.head(s, h);
    Tensor scratch = Tensor::uninitialized({distance_scratch(head, vjp)});
    head.scratch = scratch.data();
    work(s, h, head);
  });
}

Tensor distance_forward(const DistanceBatch& batch, Tensor* probabilities) {
  const std::int64_t hidden = batch.heads * batch.width;
  Tensor y = Tensor::uninitialized({batch.query_matrix.rows(), hidden});
  std::vector<std::int64_t> starts{0};  // of each sequence's probabilities
  for (std::int64_t s = 0; s < batch.sequences(); ++s) {
    starts.push_back(starts.back() + batch.heads * batch.queries(s) * batch.keys(s));
  }
  if (probabilities != nullptr) *probabilities = Tensor::uninitialized({starts.back()});
  for_distance_heads(batch, false, [&](std::int64_t s, std::int64_t h, const DistanceHead& head) {
    float* copy = nullptr;
    if (probabilities != nullptr) {
      copy = probabilities->data() + starts[std::size_t(s)] + h * head.queries * head.keys;
    }
    distance_head(head, {y.row(batch.query_begin(s)) + h * batch.width, hidden}, copy);
  });
  return y;
}

/// dqueries: [K * query rows, H]   dkeys: [K * key rows, 2 H]   either may be null
/// dprobabilities: [K * heads * queries, keys] of the one sequence, or null
/// contrast: by multipliers, of the first of two sequences
void distance_pull_back(const DistanceBatch& batch, const Tensor& dy, std::int64_t count,
                        Tensor* dqueries, Tensor* dkeys, Tensor* dprobabilities, bool contrast) {
  check(!contrast || (batch.sequences() == 2 && batch.queries(0) == batch.queries(1) &&
                      batch.keys(0) == batch.keys(1)),
        "distance_attention: multipliers are of two sequences of one length");
  const std::int64_t hidden = batch.heads * batch.width;
  const std::int64_t query_rows = batch.query_matrix.rows();
  for_distance_heads(batch, true, [&](std::int64_t s, std::int64_t h, const DistanceHead& head) {
    if (contrast && s > 0) return;
    AttentionHeadVjp vjp;
    vjp.count = count;
    vjp.dy = {dy.row(batch.query_begin(s)) + h * batch.width, hidden};
    vjp.dy_step = query_rows * hidden;
    if (dqueries != nullptr) {
      vjp.query = {dqueries->row(batch.query_begin(s)) + h * batch.width, hidden};
      vjp.query_step = query_rows * hidden;
    }
    if (dkeys != nullptr) {
      float* keys = dkeys->row(batch.key_begin(s)) + h * batch.width;
      vjp.key = {keys, 2 * hidden};
      vjp.value = {keys + hidden, 2 * hidden};
      vjp.key_step = batch.key_matrix.rows() * 2 * hidden;
    }
    if (dprobabilities != nullptr) {
      vjp.probabilities = dprobabilities->data() + h * head.queries * head.keys;
      vjp.probability_step = batch.heads * head.queries * head.keys;
    }
    if (contrast) {
      contrast_attention(head, batch.head(1, h), vjp);
    } else {
      distance_head_vjp(head, vjp);
    }
  });
}

}  // namespace

Variable distance_attention(const Variable& queries, const Variable& keys_values,
                            const DistanceAttentionShape& shape, Tensor* probabilities) {
  DistanceBatch batch = make_distance_batch(queries, keys_values, shape);
  Tape* tape = queries.tracked() ? queries.tape : keys_values.tape;
  const bool observed = tape != nullptr && tape->observes_attention();
  check(!observed || batch.sequences() == 1,
        "distance_attention: only one sequence can be observed");
  Tensor own;
  if (observed && probabilities == nullptr) probabilities = &own;
  Tensor y = distance_forward(batch, probabilities);
  if (!any_tracked({&queries, &keys_values})) return Variable(std::move(y));
  Variable leaf;
  if (observed) {
    leaf = tape->add_attention(
        probabilities->reshaped({batch.heads * batch.queries(0), batch.keys(0)}));
  }
  const auto vjp = [batch = std::move(batch), contrast = contrasts_all(tape)](
                       const Tensor& dy, InputCotangents& inputs) {
    const std::int64_t rows = batch.query_matrix.rows();
    const std::int64_t count = rows == 0 ? 0 : dy.rows() / rows;
    const bool query_wanted = inputs.wanted(0), key_wanted = inputs.wanted(1);
    Tensor dqueries, dkeys, dp;
    if (query_wanted) {
      dqueries = contrast ? Tensor::zeros(dy.shape()) : Tensor::uninitialized(dy.shape());
    }
    // Keys of sequences without queries receive no cotangent: zeros stay there.
    if (key_wanted)
      dkeys = Tensor::zeros({count * batch.key_matrix.rows(), batch.key_matrix.width()});
    if (inputs.wanted(2)) {
      dp = Tensor::uninitialized({count * batch.heads * batch.queries(0), batch.keys(0)});
    }
    distance_pull_back(batch, dy, count, query_wanted ? &dqueries : nullptr,
                       key_wanted ? &dkeys : nullptr, dp.defined() ? &dp : nullptr, contrast);
    if (query_wanted) inputs.add(0, std::move(dqueries));
    if (key_wanted) inputs.add(1, std::move(dkeys));
    if (dp.defined()) inputs.add(2, std::move(dp));
  };
  return record(std::move(y), {&queries, &keys_values, &leaf}, vjp);
}

}  // namespace pellucid
