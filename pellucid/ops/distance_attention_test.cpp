// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/distance_attention.h"

#include <algorithm>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/attention.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;
using Offsets = std::vector<std::int64_t>;

struct Case {
  std::int64_t heads = 1, width = 1;
  Offsets queries, keys, query_rows = {};
  std::vector<std::int32_t> places = {}, segments = {};
  std::vector<std::uint8_t> hidden = {};
  DistanceTerms distance = {};
  Tensor segment_keys = {}, segment_bias = {};
  float scale = 0.3F;

  std::int64_t columns() const { return heads * width; }
  DistanceAttentionShape shape() const {
    return {.heads = heads,
            .scale = scale,
            .query_offsets = queries,
            .key_offsets = keys,
            .query_rows = query_rows,
            .key_places = places,
            .distance = &distance,
            .segment = {segment_keys, segment_bias, segments},
            .hidden = hidden};
  }
};

/// Distances up to `farthest` in either direction; several share a row beyond 3.
void add_distances(Case& c, std::int64_t farthest, bool keys, bool queries, bool bias) {
  std::int32_t row = -1;
  for (std::int64_t d = -farthest; d <= farthest; ++d) {
    if (std::abs(d) < 4 || d % 5 == 0 || row < 0) ++row;
    c.distance.row.push_back(row);
  }
  c.distance.zero = farthest;
  const std::int64_t rows = row + 1;
  if (keys) c.distance.keys = random_tensor({rows, c.columns()}, 21);
  if (queries) c.distance.queries = random_tensor({rows, c.columns()}, 22);
  if (bias) c.distance.bias = random_tensor({c.heads, rows}, 23);
}

/// The plain loops.
template <class T>
std::vector<T> formula(const Case& c, const std::vector<T>& q, const std::vector<T>& kv) {
  using std::exp;
  const std::int64_t columns = c.columns();
  std::vector<T> y(std::size_t(c.queries.back() * columns));
  for (std::size_t s = 0; s + 1 < c.queries.size(); ++s) {
    for (std::int64_t i = c.queries[s]; i < c.queries[s + 1]; ++i) {
      const std::int64_t own =
          c.query_rows.empty() ? c.keys[s] + i - c.queries[s] : c.query_rows[std::size_t(i)];
      const auto place = [&](std::int64_t key) {
        return c.places.empty() ? key - c.keys[s] : std::int64_t{c.places[std::size_t(key)]};
      };
      for (std::int64_t h = 0; h < c.heads; ++h) {
        std::vector<T> p;
        T sum(0);
        for (std::int64_t j = c.keys[s]; j < c.keys[s + 1]; ++j) {
          T score(0);
          const bool far =
              !c.segments.empty() && c.segments[std::size_t(own)] != c.segments[std::size_t(j)];
          const std::int64_t r =
              c.distance.used()
                  ? c.distance.row[std::size_t(c.distance.zero + place(own) - place(j))]
                  : 0;
          for (std::int64_t w = h * c.width; w < (h + 1) * c.width; ++w) {
            const T a = q[std::size_t(i * columns + w)], b = kv[std::size_t(j * 2 * columns + w)];
            score += a * b;
            if (c.distance.keys.defined()) score += a * T(c.distance.keys.row(r)[w]);
            if (c.distance.queries.defined()) score += b * T(c.distance.queries.row(r)[w]);
            if (c.segment_keys.defined()) score += a * T(c.segment_keys.row(far ? 1 : 0)[w]);
          }
          if (c.distance.bias.defined()) score += T(c.distance.bias.row(h)[r]);
          if (c.segment_bias.defined()) score += T(c.segment_bias.row(h)[far ? 1 : 0]);
          const bool shown = c.hidden.empty() || c.hidden[std::size_t(j)] == 0 || j == own;
          p.push_back(shown ? exp(T(double(c.scale)) * score) : T(0));
          sum += p.back();
        }
        for (std::int64_t w = h * c.width; w < (h + 1) * c.width; ++w) {
          T total(0);
          for (std::int64_t j = c.keys[s]; j < c.keys[s + 1]; ++j) {
            total += p[std::size_t(j - c.keys[s])] * kv[std::size_t((2 * j + 1) * columns + w)];
          }
          y[std::size_t(i * columns + w)] = total / sum;
        }
      }
    }
  }
  return y;
}

TestedOp tested_case(const Case& c) {
  return tested(
      [&c](const std::vector<Variable>& x) { return distance_attention(x[0], x[1], c.shape()); },
      [&c](const auto& x) { return formula(c, x[0], x[1]); });
}

void check_case(const Case& c) {
  check_op(tested_case(c),
           {random_tensor({c.queries.back(), c.columns()}, 1, 0.6F),
            random_tensor({c.keys.back(), 2 * c.columns()}, 2, 0.6F)},
           4e-6, 5e-5);
}

TEST(DistanceAttention, EveryTermAlone) {
  const Offsets offsets{0, 1, 8, 8, 25};
  for_each_target([&] {
    for (const std::int64_t width : {1, 5, 16}) {
      for (int term = 0; term < 3; ++term) {
        SCOPED_TRACE(term);
        Case c{.heads = 2, .width = width, .queries = offsets, .keys = offsets};
        add_distances(c, 30, term == 0, term == 1, term == 2);
        check_case(c);
      }
    }
  });
}

TEST(DistanceAttention, AllTermsGapsSomeQueriesAndHiddenKeys) {
  Case c{.heads = 3,
         .width = 7,
         .queries = {0, 2, 2, 5},
         .keys = {0, 6, 9, 20},
         .query_rows = {1, 4, 9, 12, 19}};
  for (std::int32_t key = 0; key < 20; ++key) {
    c.places.push_back(key < 9 ? key + 3 : 2 * key);
    c.segments.push_back(key % 3 == 0 ? 1 : 0);
    c.hidden.push_back(key == 4 || key == 5 || key == 12 || key == 13 ? 1 : 0);
  }
  add_distances(c, 40, true, true, true);
  c.segment_keys = random_tensor({2, c.columns()}, 31);
  c.segment_bias = random_tensor({c.heads, 2}, 32);
  for_each_target([&] { check_case(c); });
}

TEST(DistanceAttention, SeveralBlocksAndTiles) {
  const Offsets offsets{0, 131, 700};
  Case c{.heads = 1, .width = 8, .queries = offsets, .keys = offsets};
  add_distances(c, 600, true, true, false);
  check_op(tested_case(c), {random_tensor({700, 8}, 1, 0.5F), random_tensor({700, 16}, 2, 0.5F)},
           4e-6, 2e-4);
}

TEST(DistanceAttention, WithoutTermsItIsAttention) {
  const Offsets offsets{0, 5, 17};
  const Case c{.heads = 2, .width = 8, .queries = offsets, .keys = offsets};
  const Variable q(random_tensor({17, 16}, 1)), kv(random_tensor({17, 32}, 2));
  Tensor mine, theirs;
  const Tensor y = distance_attention(q, kv, c.shape(), &mine).value;
  const Tensor expected = attention(q, kv, {2, c.scale, offsets, offsets}, &theirs).value;
  ASSERT_EQ(mine.size(), theirs.size());
  for (std::int64_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y.data()[i], expected.data()[i], 1e-6);
  for (std::int64_t i = 0; i < mine.size(); ++i)
    EXPECT_NEAR(mine.data()[i], theirs.data()[i], 1e-6);
}

TEST(DistanceAttention, BatchIsSequencesAloneForAnyNumberOfThreads) {
  const Offsets offsets{0, 17, 18, 150};
  Case c{.heads = 3, .width = 20, .queries = offsets, .keys = offsets};
  add_distances(c, 200, true, true, false);
  const Tensor q = random_tensor({150, 60}, 1), kv = random_tensor({150, 120}, 2);
  const Tensor u = random_tensor({150, 60}, 5);
  const int before = thread_count();
  set_thread_count(1);
  const Tensor y = distance_attention(Variable(q), Variable(kv), c.shape()).value;
  const std::vector<Tensor> gradients = pull_back(tested_case(c), {q, kv}, u);
  set_thread_count(2);
  EXPECT_TRUE(same_bits(distance_attention(Variable(q), Variable(kv), c.shape()).value, y));
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    Case alone = c;
    const std::int64_t begin = offsets[s], end = offsets[s + 1];
    alone.queries = alone.keys = {0, end - begin};
    const Tensor own_q = q.row_slice(begin, end).clone(), own_kv = kv.row_slice(begin, end).clone();
    EXPECT_TRUE(
        same_bits(distance_attention(Variable(own_q), Variable(own_kv), alone.shape()).value,
                  y.row_slice(begin, end)));
    const auto own = pull_back(tested_case(alone), {own_q, own_kv}, u.row_slice(begin, end));
    EXPECT_TRUE(same_bits(own[0], gradients[0].row_slice(begin, end)));
    EXPECT_TRUE(same_bits(own[1], gradients[1].row_slice(begin, end)));
  }
  set_thread_count(before);
}

TEST(DistanceAttention, RefusesWhatDoesNotFit) {
  const Offsets offsets{0, 9};
  Case c{.heads = 2, .width = 4, .queries = offsets, .keys = offsets};
  const Variable q(Tensor::zeros({9, 8})), kv(Tensor::zeros({9, 16}));
  add_distances(c, 5, true, false, false);
  EXPECT_THROW(distance_attention(q, kv, c.shape()), Error);
  EXPECT_THROW(distance_attention(q, q, c.shape()), Error);
  c.heads = 3;
  EXPECT_THROW(distance_attention(q, kv, c.shape()), Error);
  c.heads = 2;
  c.query_rows = {0, 1, 2, 3, 4, 5, 6, 8, 7};
  EXPECT_THROW(distance_attention(q, kv, c.shape()), Error);
}

}  // namespace
}  // namespace pellucid
