// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/attention.h"

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

using Offsets = std::vector<std::int64_t>;

/// [rows, columns] numbers in rows of `stride`.
template <class T>
struct Block {
  const std::vector<T>& values;
  std::size_t stride, row0, column0;
  T at(std::size_t row, std::size_t column) const {
    return values[(row0 + row) * stride + column0 + column];
  }
};

/// softmax(scale q k^T) v of one head, written to y.
template <class T>
void head_formula(const Block<T>& q, const Block<T>& k, const Block<T>& v, std::size_t queries,
                  std::size_t keys, std::size_t width, double scale, std::vector<T>& y,
                  std::size_t y_start, std::size_t y_stride) {
  using std::exp;
  for (std::size_t i = 0; i < queries; ++i) {
    std::vector<T> p(keys);
    T sum(0);
    for (std::size_t j = 0; j < keys; ++j) {
      T score(0);
      for (std::size_t c = 0; c < width; ++c) score += q.at(i, c) * k.at(j, c);
      p[j] = exp(T(scale) * score);
      sum += p[j];
    }
    for (std::size_t c = 0; c < width; ++c) {
      T total(0);
      for (std::size_t j = 0; j < keys; ++j) total += p[j] * v.at(j, c);
      y[y_start + i * y_stride + c] = total / sum;
    }
  }
}

struct Case {
  std::int64_t heads, width;  // of a head
  Offsets queries, keys;
  float scale = 0.3F;
  std::int64_t hidden() const { return heads * width; }
  AttentionShape shape() const { return {heads, scale, queries, keys}; }
};

/// query_columns: 3 H in self-attention, where keys is the same matrix, or H.
template <class T>
std::vector<T> formula(const Case& c, const std::vector<T>& queries, std::int64_t query_columns,
                       const std::vector<T>& keys, std::int64_t key_columns) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  const std::size_t hidden = size(c.hidden());
  std::vector<T> y(size(c.queries.back()) * hidden);
  for (std::size_t s = 0; s + 1 < c.queries.size(); ++s) {
    for (std::size_t h = 0; h < size(c.heads); ++h) {
      const std::size_t column = h * size(c.width);
      const std::size_t key_column = size(key_columns) - 2 * hidden + column;
      const Block<T> q{queries, size(query_columns), size(c.queries[s]), column};
      const Block<T> k{keys, size(key_columns), size(c.keys[s]), key_column};
      const Block<T> v{keys, size(key_columns), size(c.keys[s]), key_column + hidden};
      head_formula(q, k, v, size(c.queries[s + 1] - c.queries[s]), size(c.keys[s + 1] - c.keys[s]),
                   size(c.width), c.scale, y, size(c.queries[s]) * hidden + column, hidden);
    }
  }
  return y;
}

TestedOp tested_self(const Case& c) {
  return tested(
      [c](const std::vector<Variable>& x) { return self_attention(x[0], c.shape()); },
      [c](const auto& x) { return formula(c, x[0], 3 * c.hidden(), x[0], 3 * c.hidden()); });
}

TestedOp tested_cross(const Case& c) {
  return tested([c](const std::vector<Variable>& x) { return attention(x[0], x[1], c.shape()); },
                [c](const auto& x) { return formula(c, x[0], c.hidden(), x[1], 2 * c.hidden()); });
}

Tensor random_qkv(const Case& c) { return random_tensor({c.queries.back(), 3 * c.hidden()}, 1); }

TEST(Attention, SelfFormulaAndVjp) {
  for_each_target([] {
    for (const std::int64_t width : {1, 5, 8, 16, 32, 64, 72}) {
      SCOPED_TRACE(width);
      const Offsets offsets{0, 1, 8, 8, 25};
      const Case c{2, width, offsets, offsets, 1 / std::sqrt(static_cast<float>(width))};
      check_op(tested_self(c), {random_qkv(c)}, 2e-6, 3e-5);
    }
  });
}

TEST(Attention, CrossFormulaAndVjp) {
  for_each_target([] {
    for (const std::int64_t width : {3, 8, 64}) {
      SCOPED_TRACE(width);
      const Case c{3, width, {0, 4, 5, 5, 12}, {0, 2, 19, 22, 23}};
      check_op(tested_cross(c),
               {random_tensor({12, c.hidden()}, 1, 0.5F), random_tensor({23, 2 * c.hidden()}, 2)},
               2e-6, 3e-5);
    }
  });
}

TEST(Attention, SeveralBlocksOfQueries) {
  const Offsets offsets{0, 131, 740};
  const Case c{1, 16, offsets, offsets};
  check_op(tested_self(c), {random_tensor({740, 48}, 1, 0.7F)}, 3e-6, 1e-4);
}

TEST(Attention, OnlyTheWantedCotangents) {
  const Case c{2, 8, {0, 3, 7}, {0, 5, 11}};
  const Tensor queries = random_tensor({7, 16}, 1), keys_values = random_tensor({11, 32}, 2);
  const Tensor u = random_tensor({7, 16}, 3);
  const std::vector<Tensor> both = pull_back(tested_cross(c), {queries, keys_values}, u);
  Tape query_tape;
  const Variable q = query_tape.leaf(queries);
  const Variable from_queries = attention(q, Variable(keys_values), c.shape());
  EXPECT_TRUE(same_bits(query_tape.pull_back(from_queries, u.clone(), std::vector{q})[0], both[0]));
  Tape key_tape;
  const Variable kv = key_tape.leaf(keys_values);
  const Variable from_keys = attention(Variable(queries), kv, c.shape());
  EXPECT_TRUE(same_bits(key_tape.pull_back(from_keys, u.clone(), std::vector{kv})[0], both[1]));
}

TEST(Attention, BatchIsSequencesAlone) {
  const Offsets offsets{0, 17, 18, 150, 157, 158, 200};
  const Case c{3, 32, offsets, offsets};
  const Tensor qkv = random_qkv(c);
  const Tensor u = random_tensor({200, c.hidden()}, 5);
  const Tensor y = self_attention(Variable(qkv), c.shape()).value;
  const Tensor gradient = pull_back(tested_self(c), {qkv}, u)[0];
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::int64_t begin = offsets[s], end = offsets[s + 1];
    const Offsets own{0, end - begin};
    const Case alone{3, 32, own, own};
    const Tensor part = qkv.row_slice(begin, end).clone();
    EXPECT_TRUE(
        same_bits(self_attention(Variable(part), alone.shape()).value, y.row_slice(begin, end)));
    EXPECT_TRUE(same_bits(pull_back(tested_self(alone), {part}, u.row_slice(begin, end))[0],
                          gradient.row_slice(begin, end)));
  }
}

TEST(Attention, AQueryIsTheSameAlone) {
  for_each_target([] {
    for (const std::int64_t keys : {1, 15, 77, 600}) {
      const Tensor queries = random_tensor({9, 48}, 1), keys_values = random_tensor({keys, 96}, 2);
      const Case all{2, 24, {0, 9}, {0, keys}}, single{2, 24, {0, 1}, {0, keys}};
      const Tensor y = attention(Variable(queries), Variable(keys_values), all.shape()).value;
      for (std::int64_t r = 0; r < 9; ++r) {
        const Variable query(queries.row_slice(r, r + 1));
        const Tensor row = attention(query, Variable(keys_values), single.shape()).value;
        EXPECT_TRUE(same_bits(row, y.row_slice(r, r + 1))) << keys << " keys, query " << r;
      }
    }
  });
}

TEST(Attention, AnyNumberOfThreads) {
  const Offsets offsets{0, 17, 18, 150, 157};
  const Case c{3, 20, offsets, offsets};
  const Tensor qkv = random_qkv(c);
  const Tensor u = random_tensor({2 * 157, c.hidden()}, 5);
  const int before = thread_count();
  set_thread_count(1);
  const Tensor y = self_attention(Variable(qkv), c.shape()).value;
  const Tensor gradient = pull_back(tested_self(c), {qkv}, u)[0];
  set_thread_count(2);
  EXPECT_TRUE(same_bits(self_attention(Variable(qkv), c.shape()).value, y));
  EXPECT_TRUE(same_bits(pull_back(tested_self(c), {qkv}, u)[0], gradient));
  set_thread_count(before);
}

TEST(Attention, Probabilities) {
  const Case c{2, 4, {0, 3, 3, 8}, {0, 2, 3, 10}};
  const Tensor queries = random_tensor({8, 8}, 1), keys_values = random_tensor({10, 16}, 2);
  Tensor probabilities;
  const Variable y = attention(Variable(queries), Variable(keys_values), c.shape(), &probabilities);
  ASSERT_EQ(probabilities.size(), 2 * 3 * 2 + 2 * 5 * 7);
  const float* p = probabilities.data();
  for (std::size_t s = 0; s < 3; ++s) {
    for (std::int64_t h = 0; h < 2; ++h) {
      for (std::int64_t q = c.queries[s]; q < c.queries[s + 1]; ++q) {
        std::vector<double> expected(4);
        double sum = 0;
        for (std::int64_t k = c.keys[s]; k < c.keys[s + 1]; ++k, ++p) {
          sum += *p;
          for (std::int64_t i = 0; i < 4; ++i) {
            expected[std::size_t(i)] += double(*p) * keys_values.row(k)[8 + h * 4 + i];
          }
        }
        EXPECT_NEAR(sum, 1, 1e-6);
        for (std::int64_t i = 0; i < 4; ++i) {
          EXPECT_NEAR(y.value.row(q)[h * 4 + i], expected[std::size_t(i)], 1e-6);
        }
      }
    }
  }
}

TEST(Attention, NoRows) {
  const Offsets none{0};
  const Case c{2, 4, none, none};
  EXPECT_EQ(self_attention(Variable(Tensor::zeros({0, 24})), c.shape()).value.shape(),
            (Shape{0, 8}));
}

TEST(Attention, RefusesWhatDoesNotFit) {
  const Variable qkv(Tensor::zeros({4, 24}));
  const Offsets good{0, 4}, reversed{0, 5, 4}, short_one{0, 3};
  EXPECT_THROW(self_attention(qkv, {3, 1, good, good}), Error);
  EXPECT_THROW(self_attention(qkv, {2, 1, reversed, reversed}), Error);
  EXPECT_THROW(self_attention(qkv, {2, 1, good, short_one}), Error);
  EXPECT_THROW(self_attention(qkv, {2, 0, good, good}), Error);
  EXPECT_THROW(self_attention(Variable(Tensor::zeros({4, 25})), {2, 1, good, good}), Error);
  const Offsets queries{0, 2, 4}, keys{0, 4, 4};
  EXPECT_THROW(attention(Variable(Tensor::zeros({4, 8})), Variable(Tensor::zeros({4, 16})),
                         {2, 1, queries, keys}),
               Error);
}

}  // namespace
}  // namespace pellucid
