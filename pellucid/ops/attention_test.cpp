// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/attention.h"

#include <algorithm>
#include <cmath>

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

struct Case {
  std::int64_t heads, width;  // of a head
  Offsets queries, keys;
  float scale = 0.3F;
  std::int64_t key_heads = heads;
  bool causal = false;
  std::int64_t window = 0;
  Offsets rows = {};  // keys of the queries
  std::vector<std::int32_t> places = {};
  AttentionBias bias = {};
  float cap = 0;

  std::int64_t hidden() const { return heads * width; }
  std::int64_t key_hidden() const { return key_heads * width; }
  AttentionShape shape() const {
    return {heads, scale, queries, keys, key_heads, rows, causal, window, places, bias, cap};
  }
  std::int64_t own(std::size_t s, std::int64_t query) const {
    return rows.empty() ? keys[s] + query - queries[s] : rows[std::size_t(query)];
  }
  std::int64_t place(std::size_t s, std::int64_t key) const {
    return places.empty() ? key - keys[s] : places[std::size_t(key)];
  }
  /// Of rows of the matrices.
  bool hidden_from(std::size_t s, std::int64_t query, std::int64_t key) const {
    if (causal && key > own(s, query)) return true;
    if (window == 0) return false;
    return std::abs(place(s, key) - place(s, own(s, query))) >= window;
  }
  double bias_of(std::size_t s, std::int64_t head, std::int64_t query, std::int64_t key) const {
    if (!bias.table.defined()) return 0;
    const std::int64_t from = bias.relative ? place(s, own(s, query)) : 0;
    return double{bias.table.row(head)[bias.zero + place(s, key) - from]};
  }
};

/// softmax(scores) v of head h in sequence s, written to y.
template <class T>
void head_formula(const Case& c, std::size_t s, std::int64_t h, const Block<T>& q,
                  const Block<T>& k, const Block<T>& v, std::vector<T>& y) {
  using std::exp;
  using std::tanh;
  const std::size_t width = std::size_t(c.width), hidden = std::size_t(c.hidden());
  for (std::int64_t i = c.queries[s]; i < c.queries[s + 1]; ++i) {
    std::vector<T> p(std::size_t(c.keys[s + 1] - c.keys[s]));
    T sum(0);
    for (std::size_t j = 0; j < p.size(); ++j) {
      const std::int64_t key = c.keys[s] + std::int64_t(j);
      if (c.hidden_from(s, i, key)) continue;
      T score(0);
      for (std::size_t column = 0; column < width; ++column) {
        score += q.at(std::size_t(i - c.queries[s]), column) * k.at(j, column);
      }
      score = T(c.scale) * score;
      if (c.cap > 0) score = T(c.cap) * tanh(score / T(c.cap));
      p[j] = exp(score + T(c.bias_of(s, h, i, key)));
      sum += p[j];
    }
    for (std::size_t column = 0; column < width; ++column) {
      T total(0);
      for (std::size_t j = 0; j < p.size(); ++j) total += p[j] * v.at(j, column);
      y[std::size_t(i) * hidden + std::size_t(h) * width + column] = total / sum;
    }
  }
}

/// query_columns: H + 2 key_hidden in self-attention, where keys is the same matrix, or H.
template <class T>
std::vector<T> formula(const Case& c, const std::vector<T>& queries, std::int64_t query_columns,
                       const std::vector<T>& keys, std::int64_t key_columns) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  std::vector<T> y(size(c.queries.back() * c.hidden()));
  for (std::size_t s = 0; s + 1 < c.queries.size(); ++s) {
    for (std::int64_t h = 0; h < c.heads; ++h) {
      const std::int64_t key_head = h / (c.heads / c.key_heads);
      const std::size_t key_column = size(key_columns - 2 * c.key_hidden() + key_head * c.width);
      const Block<T> q{queries, size(query_columns), size(c.queries[s]), size(h * c.width)};
      const Block<T> k{keys, size(key_columns), size(c.keys[s]), key_column};
      const Block<T> v{keys, size(key_columns), size(c.keys[s]), key_column + size(c.key_hidden())};
      head_formula(c, s, h, q, k, v, y);
    }
  }
  return y;
}

std::int64_t qkv_columns(const Case& c) { return c.hidden() + 2 * c.key_hidden(); }

TestedOp tested_self(const Case& c) {
  return tested(
      [c](const std::vector<Variable>& x) { return self_attention(x[0], c.shape()); },
      [c](const auto& x) { return formula(c, x[0], qkv_columns(c), x[0], qkv_columns(c)); });
}

TestedOp tested_cross(const Case& c) {
  return tested(
      [c](const std::vector<Variable>& x) { return attention(x[0], x[1], c.shape()); },
      [c](const auto& x) { return formula(c, x[0], c.hidden(), x[1], 2 * c.key_hidden()); });
}

Tensor random_qkv(const Case& c) { return random_tensor({c.queries.back(), qkv_columns(c)}, 1); }

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

/// Every option alone and together, in self-attention.
std::vector<Case> masked_cases(std::int64_t width) {
  const Offsets offsets{0, 1, 8, 8, 41};
  const Case plain{4, width, offsets, offsets, 1 / std::sqrt(static_cast<float>(width))};
  std::vector<Case> cases;
  const auto add = [&](const auto& change) {
    cases.push_back(plain);
    change(cases.back());
  };
  const AttentionBias relative{random_tensor({4, 81}, 11, 2), 40};
  const AttentionBias by_key{random_tensor({4, 100}, 12, 2), 3, false};
  std::vector<std::int32_t> places(41);  // with gaps
  for (std::int32_t i = 0; i < 41; ++i) places[std::size_t(i)] = i + i / 5 - 4;
  add([](Case& c) { c.causal = true; });
  add([](Case& c) { c.key_heads = 2; });
  add([](Case& c) { c.key_heads = 1, c.causal = true; });
  add([](Case& c) { c.window = 3; });
  add([](Case& c) { c.window = 1, c.causal = true; });
  add([](Case& c) { c.window = 5, c.causal = true; });
  add([&](Case& c) { c.window = 5, c.places = places; });
  add([](Case& c) { c.cap = 1.5F; });
  add([&](Case& c) { c.bias = relative; });
  add([&](Case& c) { c.bias = by_key, c.causal = true; });
  add([&](Case& c) {
    c.bias = {random_tensor({4, 201}, 13, 2), 100};
    c.places = places;
  });
  add([&](Case& c) {
    c.bias = {random_tensor({4, 201}, 13, 2), 100};
    c.places = places, c.window = 9, c.causal = true, c.cap = 2, c.key_heads = 2;
  });
  return cases;
}

TEST(Attention, MasksBiasesAndSharedKeys) {
  for_each_target([] {
    for (const std::int64_t width : {3, 16, 40}) {
      int index = 0;
      for (const Case& c : masked_cases(width)) {
        SCOPED_TRACE(::testing::Message() << "width " << width << ", case " << index++);
        check_op(tested_self(c), {random_qkv(c)}, 3e-6, 3e-5);
      }
    }
  });
}

/// Queries that stand somewhere inside the keys have the bits that they have among all.
TEST(Attention, SomeQueriesOfMaskedCases) {
  for_each_target([] {
    int index = 0;
    for (const Case& all : masked_cases(16)) {
      SCOPED_TRACE(::testing::Message() << "case " << index++);
      const Tensor qkv = random_qkv(all);
      const Tensor y = self_attention(Variable(qkv), all.shape()).value;
      Case some = all;
      some.rows = {0, 2, 7, 8, 20, 21, 40};
      some.queries = {0, 1, 3, 3, 7};
      Tensor queries = Tensor::uninitialized({7, all.hidden()});
      Tensor keys_values = Tensor::uninitialized({41, 2 * all.key_hidden()});
      for (std::int64_t r = 0; r < 7; ++r) {
        std::copy_n(qkv.row(some.rows[std::size_t(r)]), all.hidden(), queries.row(r));
      }
      for (std::int64_t r = 0; r < 41; ++r) {
        std::copy_n(qkv.row(r) + all.hidden(), 2 * all.key_hidden(), keys_values.row(r));
      }
      const Tensor part = attention(Variable(queries), Variable(keys_values), some.shape()).value;
      for (std::int64_t r = 0; r < 7; ++r) {
        const std::int64_t row = some.rows[std::size_t(r)];
        EXPECT_TRUE(same_bits(part.row_slice(r, r + 1), y.row_slice(row, row + 1))) << row;
      }
      check_op(tested_cross(some), {queries, keys_values}, 3e-6, 3e-5);
    }
  });
}

TEST(Attention, CausalOverSeveralBlocks) {
  const Offsets offsets{0, 131, 740};
  Case c{2, 16, offsets, offsets};
  c.causal = true, c.key_heads = 1;
  check_op(tested_self(c), {random_tensor({740, 64}, 1, 0.7F)}, 3e-6, 1e-4);
  c.window = 150;
  check_op(tested_self(c), {random_tensor({740, 64}, 1, 0.7F)}, 3e-6, 1e-4);
}

TEST(Attention, HiddenProbabilitiesAreZero) {
  const Offsets offsets{0, 5};
  Case c{1, 4, offsets, offsets};
  c.causal = true, c.window = 2;
  Tensor probabilities;
  self_attention(Variable(random_qkv(c)), c.shape(), &probabilities);
  for (std::int64_t i = 0; i < 5; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < 5; ++j) {
      const float p = probabilities.data()[i * 5 + j];
      EXPECT_EQ(p == 0, j > i || j < i - 1) << i << ", " << j;
      sum += double{p};
    }
    EXPECT_NEAR(sum, 1, 1e-6);
  }
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

TEST(Attention, RefusesOptionsThatDoNotFit) {
  const Offsets offsets{0, 4};
  const auto refused = [&](const auto& change) {
    Case c{2, 4, offsets, offsets};
    change(c);
    const Tensor qkv = Tensor::zeros({4, 24});
    EXPECT_THROW(self_attention(Variable(qkv), c.shape()), Error);
  };
  refused([](Case& c) { c.key_heads = 3; });
  refused([](Case& c) { c.causal = true, c.rows = {0, 1, 2}; });
  refused([](Case& c) { c.causal = true, c.rows = {0, 1, 2, 4}; });
  refused([](Case& c) { c.window = 1, c.places = {0, 1, 2}; });
  refused([](Case& c) { c.window = 1, c.places = {0, 1, 1, 2}; });
  refused([](Case& c) { c.bias = {Tensor::zeros({2, 6}), 3}; });
  refused([](Case& c) { c.bias = {Tensor::zeros({1, 7}), 3}; });
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
