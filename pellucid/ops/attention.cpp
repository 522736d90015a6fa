// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/attention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/attention_head.h"
#include "pellucid/ops/contrast.h"

namespace pellucid {
namespace {

using Offsets = std::vector<std::int64_t>;

/// The matrices of all sequences and heads, and how they are cut.
struct Batch {
  std::int64_t heads = 1, key_heads = 1, width = 0;  // width of a head
  float scale = 1, cap = 0;
  Offsets query_offsets, key_offsets;
  Tensor query_matrix, key_matrix;  // the same one in self-attention
  std::int64_t key_column = 0;      // in key_matrix; values follow keys
  Tensor statistics;                // [heads, query rows, 2]
  std::vector<QueryView> views;     // [query rows]; empty: everything is seen, no bias
  Tensor bias;                      // [heads, distances], or not defined
  std::vector<std::int32_t>
      places;  // [key rows] from the first of each sequence on; empty: no gaps
  std::span<const std::int64_t> zeroed;  // [query rows], or empty; read by the forward alone

  std::int64_t sequences() const { return static_cast<std::int64_t>(query_offsets.size()) - 1; }
  std::int64_t query_begin(std::int64_t s) const { return query_offsets[std::size_t(s)]; }
  std::int64_t key_begin(std::int64_t s) const { return key_offsets[std::size_t(s)]; }
  std::int64_t queries(std::int64_t s) const { return query_begin(s + 1) - query_begin(s); }
  std::int64_t keys(std::int64_t s) const { return key_begin(s + 1) - key_begin(s); }
  std::int64_t group() const { return heads / key_heads; }
  /// Column of key_matrix where the keys of head h begin; its values stand key_heads * width
  /// behind.
  std::int64_t column(std::int64_t h) const { return key_column + h / group() * width; }

  /// Head h of sequence s, without scratch.
  AttentionHead head(std::int64_t s, std::int64_t h) const {
    const float* keys_from = key_matrix.row(key_begin(s)) + column(h);
    const float* statistics_data =
        statistics.data() + 2 * (h * query_matrix.rows() + query_begin(s));
    return {.queries = queries(s),
            .keys = keys(s),
            .width = width,
            .scale = scale,
            .cap = cap,
            .views = views.empty() ? nullptr : views.data() + query_begin(s),
            .bias = bias.defined() ? bias.row(h) : nullptr,
            .places = places.empty() ? nullptr : places.data() + key_begin(s),
            .query = {query_matrix.row(query_begin(s)) + h * width, query_matrix.width()},
            .key = {keys_from, key_matrix.width()},
            .value = {keys_from + key_heads * width, key_matrix.width()},
            .zeroed = zeroed.empty() ? nullptr : zeroed.data() + query_begin(s),
            .statistics = const_cast<float*>(statistics_data)};
  }
};

void check_offsets(std::span<const std::int64_t> offsets, std::int64_t rows, const char* name) {
  const bool fits = !offsets.empty() && offsets.front() == 0 && offsets.back() == rows &&
                    std::is_sorted(offsets.begin(), offsets.end());
  check(fits, "attention: the {} offsets do not run from 0 to {}, the number of rows", name, rows);
}

/// What the queries of one sequence see.
class ViewMaker {
 public:
  ViewMaker(const Batch& batch, const AttentionShape& shape, std::int64_t sequence)
      : shape_(shape),
        begin_(batch.key_begin(sequence)),
        keys_(batch.keys(sequence)),
        query_begin_(batch.query_begin(sequence)) {}

  QueryView view(std::int64_t query) const {
    const std::int64_t own = own_key(query);
    QueryView view{0, shape_.causal ? own + 1 : keys_, 0};
    if (shape_.window > 0) {
      view.first = first_from(place(own) - shape_.window + 1);
      view.last = std::min(view.last, first_from(place(own) + shape_.window));
    }
    if (shape_.bias.table.defined()) {
      view.bias = shape_.bias.zero + place(0) - (shape_.bias.relative ? place(own) : 0);
      const std::int64_t distances = shape_.bias.table.width();
      const std::int64_t lowest = view.bias + place(view.first) - place(0);
      const std::int64_t highest = view.bias + place(view.last - 1) - place(0);
      check(lowest >= 0 && highest < distances,
            "attention: biases {} to {} are needed, but the table has {}", lowest, highest,
            distances);
    }
    return view;
  }

  std::int64_t place(std::int64_t key) const {
    return shape_.key_places.empty() ? key : shape_.key_places[std::size_t(begin_ + key)];
  }

 private:
  /// The key of the sequence at which a query stands.
  std::int64_t own_key(std::int64_t query) const {
    const auto& rows = shape_.query_rows;
    const std::int64_t own =
        rows.empty() ? query - query_begin_ : rows[std::size_t(query)] - begin_;
    check(0 <= own && own < keys_, "attention: query {} stands at key {} of a sequence of {} keys",
          query, own, keys_);
    return own;
  }

  /// The first key that stands at this place or behind it.
  std::int64_t first_from(std::int64_t wanted) const {
    if (shape_.key_places.empty()) return std::clamp<std::int64_t>(wanted, 0, keys_);
    const auto places = shape_.key_places.subspan(std::size_t(begin_), std::size_t(keys_));
    return std::lower_bound(places.begin(), places.end(), wanted) - places.begin();
  }

  const AttentionShape& shape_;
  std::int64_t begin_, keys_, query_begin_;
};

void make_views(const AttentionShape& shape, Batch& batch) {
  batch.bias = shape.bias.table;
  check(!batch.bias.defined() || batch.bias.rows() == shape.heads,
        "attention: the table of biases is {}, expected {} rows", batch.bias.shape().text(),
        shape.heads);
  if (!shape.causal && shape.window == 0 && !batch.bias.defined()) return;
  const std::int64_t key_rows = batch.key_matrix.rows(), query_rows = batch.query_matrix.rows();
  check(shape.query_rows.empty() || std::ssize(shape.query_rows) == query_rows,
        "attention: the keys of {} queries are given, expected {}", shape.query_rows.size(),
        query_rows);
  check(shape.key_places.empty() || std::ssize(shape.key_places) == key_rows,
        "attention: {} places of keys, expected {}", shape.key_places.size(), key_rows);
  bool gaps = false;
  batch.views.reserve(std::size_t(query_rows));
  batch.places.resize(shape.key_places.size());
  for (std::int64_t s = 0; s < batch.sequences(); ++s) {
    const ViewMaker maker(batch, shape, s);
    for (std::int64_t key = 0; key < std::ssize(batch.places) && key < batch.keys(s); ++key) {
      check(key == 0 || maker.place(key) > maker.place(key - 1),
            "attention: the places of keys do not ascend in sequence {}", s);
      const std::int64_t place = maker.place(key) - maker.place(0);
      batch.places[std::size_t(batch.key_begin(s) + key)] = static_cast<std::int32_t>(place);
      gaps = gaps || place != key;
    }
    for (std::int64_t query = batch.query_begin(s); query < batch.query_begin(s + 1); ++query) {
      batch.views.push_back(maker.view(query));
    }
  }
  if (!gaps) batch.places.clear();
}

Batch make_batch(const Tensor& query_matrix, const Tensor& key_matrix, std::int64_t width,
                 const AttentionShape& shape) {
  check(shape.scale > 0, "attention: the scale is {}, expected a positive number", shape.scale);
  check_offsets(shape.query_offsets, query_matrix.rows(), "query");
  check_offsets(shape.key_offsets, key_matrix.rows(), "key");
  check(shape.query_offsets.size() == shape.key_offsets.size(),
        "attention: {} sequences of queries but {} of keys", shape.query_offsets.size() - 1,
        shape.key_offsets.size() - 1);
  const std::int64_t key_heads = shape.key_heads > 0 ? shape.key_heads : shape.heads;
  Batch batch{.heads = shape.heads,
              .key_heads = key_heads,
              .width = width,
              .scale = shape.scale,
              .cap = shape.cap,
              .query_offsets = Offsets(shape.query_offsets.begin(), shape.query_offsets.end()),
              .key_offsets = Offsets(shape.key_offsets.begin(), shape.key_offsets.end()),
              .query_matrix = query_matrix,
              .key_matrix = key_matrix,
              .key_column = key_matrix.width() - 2 * key_heads * width,
              .statistics = Tensor::uninitialized({shape.heads, query_matrix.rows(), 2}),
              .views = {},
              .bias = {},
              .places = {},
              .zeroed = shape.zeroed};
  check(batch.zeroed.empty() || std::ssize(batch.zeroed) == query_matrix.rows(),
        "attention: {} zeroed values for {} queries", batch.zeroed.size(), query_matrix.rows());
  for (std::int64_t s = 0; s < batch.sequences(); ++s) {
    check(batch.keys(s) > 0 || batch.queries(s) == 0,
          "attention: sequence {} has queries but no keys", s);
  }
  make_views(shape, batch);
  return batch;
}

/// The width of a head, where `columns` hold `blocks` of them.
std::int64_t head_width(const AttentionShape& shape, std::int64_t columns, std::int64_t blocks) {
  const std::int64_t key_heads = shape.key_heads > 0 ? shape.key_heads : shape.heads;
  check(shape.heads > 0 && shape.heads % key_heads == 0,
        "attention: {} heads of queries cannot share {} of keys", shape.heads, key_heads);
  check(columns % blocks == 0, "attention: width {} cannot be cut into {} heads", columns, blocks);
  return columns / blocks;
}

/// work(sequence, head, scratch) for all, shared among threads; the heads of queries that read one
/// head of keys are one piece of work in the VJP, since they add to the same cotangents.
template <class Work>
void for_heads(const Batch& batch, bool vjp, const Work& work) {
  const std::int64_t group = vjp ? batch.group() : 1;
  const std::int64_t groups = batch.heads / group;
  parallel_tasks(batch.sequences() * groups, [&](std::int64_t index) {
    const std::int64_t s = index / groups;
    Tensor scratch = Tensor::uninitialized({attention_scratch(batch.head(s, 0), vjp)});
    for (std::int64_t h = index % groups * group; h < (index % groups + 1) * group; ++h) {
      work(s, h, scratch.data());
    }
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
/// dprobabilities: [K * heads * queries, keys] of the one sequence, or null
/// contrast: by multipliers, of the first of two sequences; what is written to must be zero before
void pull_back(const Batch& batch, const Tensor& dy, Tensor* dqueries, Tensor* dkeys,
               Tensor* dprobabilities, bool contrast) {
  check(!contrast || (batch.sequences() == 2 && batch.queries(0) == batch.queries(1) &&
                      batch.keys(0) == batch.keys(1)),
        "attention: multipliers are of two sequences of one length");
  const std::int64_t hidden = batch.heads * batch.width;
  const std::int64_t query_rows = batch.query_matrix.rows();
  const std::int64_t count = query_rows == 0 ? 0 : dy.rows() / query_rows;
  for_heads(batch, true, [&](std::int64_t s, std::int64_t h, float* scratch) {
    if (contrast && s > 0) return;
    AttentionHead head = batch.head(s, h);
    head.scratch = scratch;
    AttentionHeadVjp vjp;
    vjp.count = count;
    vjp.add = h % batch.group() > 0;
    vjp.dy = {dy.row(batch.query_begin(s)) + h * batch.width, hidden};
    vjp.dy_step = query_rows * hidden;
    if (dqueries != nullptr) {
      const std::int64_t width = dqueries->width();
      vjp.query = {dqueries->row(batch.query_begin(s)) + h * batch.width, width};
      vjp.query_step = query_rows * width;
    }
    if (dkeys != nullptr) {
      const std::int64_t width = dkeys->width();
      float* keys = dkeys->row(batch.key_begin(s)) + batch.column(h);
      vjp.key = {keys, width};
      vjp.value = {keys + batch.key_heads * batch.width, width};
      vjp.key_step = batch.key_matrix.rows() * width;
    }
    if (dprobabilities != nullptr) {
      vjp.probabilities = dprobabilities->data() + h * head.queries * head.keys;
      vjp.probability_step = batch.heads * head.queries * head.keys;
    }
    if (contrast) {
      contrast_attention(head, batch.head(1, h), vjp);
    } else {
      attention_head_vjp(head, vjp);
    }
  });
}

/// Keys of sequences without queries receive no cotangent: nothing would be written there.
Tensor new_cotangent(const Batch& batch, const Shape& shape, bool contrast) {
  if (contrast) return Tensor::zeros(shape);
  for (std::int64_t s = 0; s < batch.sequences(); ++s) {
    if (batch.queries(s) == 0 && batch.keys(s) > 0) return Tensor::zeros(shape);
  }
  return Tensor::uninitialized(shape);
}

/// The probabilities that a tape wants to observe: they come along as one more input, to which the
/// VJP gives their cotangent.
class Observed {
 public:
  Observed(const Batch& batch, Tape* tape, Tensor* asked) : batch_(batch), tape_(tape) {
    wanted_ = tape != nullptr && tape->observes_attention();
    check(!wanted_ || batch.sequences() == 1, "attention: only one sequence can be observed");
    into_ = wanted_ && asked == nullptr ? &own_ : asked;
  }
  /// Where the forward is to put probabilities, or null.
  Tensor* probabilities() const { return into_; }
  /// An untracked variable where nobody observes.
  Variable leaf() const {
    if (!wanted_) return {};
    return tape_->add_attention(
        into_->reshaped({batch_.heads * batch_.queries(0), batch_.keys(0)}));
  }

 private:
  const Batch& batch_;
  Tape* tape_;
  bool wanted_;
  Tensor own_;
  Tensor* into_;
};

/// [K * heads * queries, keys]
Tensor new_probability_cotangent(const Batch& batch, std::int64_t count) {
  return Tensor::uninitialized({count * batch.heads * batch.queries(0), batch.keys(0)});
}

}  // namespace

Variable self_attention(const Variable& qkv, const AttentionShape& shape, Tensor* probabilities) {
  const std::int64_t key_heads = shape.key_heads > 0 ? shape.key_heads : shape.heads;
  const std::int64_t width = head_width(shape, qkv.width(), shape.heads + 2 * key_heads);
  Batch batch = make_batch(qkv.value, qkv.value, width, shape);
  const Observed observed(batch, qkv.tape, probabilities);
  Tensor y = forward(batch, observed.probabilities());
  if (!qkv.tracked()) return Variable(std::move(y));
  const Variable leaf = observed.leaf();
  return record(
      std::move(y), {&qkv, &leaf},
      [batch = std::move(batch), contrast = contrasts_all(qkv.tape)](const Tensor& dy,
                                                                     InputCotangents& inputs) {
        const std::int64_t rows = batch.query_matrix.rows();
        Tensor dqkv = new_cotangent(batch, {dy.rows(), batch.query_matrix.width()}, contrast);
        Tensor dp;
        if (inputs.wanted(1)) dp = new_probability_cotangent(batch, dy.rows() / rows);
        pull_back(batch, dy, &dqkv, &dqkv, dp.defined() ? &dp : nullptr, contrast);
        inputs.add(0, std::move(dqkv));
        if (dp.defined()) inputs.add(1, std::move(dp));
      });
}

Variable attention(const Variable& queries, const Variable& keys_values,
                   const AttentionShape& shape, Tensor* probabilities) {
  const std::int64_t key_heads = shape.key_heads > 0 ? shape.key_heads : shape.heads;
  const std::int64_t width = head_width(shape, queries.width(), shape.heads);
  check(keys_values.width() == 2 * key_heads * width,
        "attention: queries are {} and keys with values {}, expected {} heads of width {} of each",
        queries.value.shape().text(), keys_values.value.shape().text(), key_heads, width);
  Batch batch = make_batch(queries.value, keys_values.value, width, shape);
  Tape* tape = queries.tracked() ? queries.tape : keys_values.tape;
  const Observed observed(batch, tape, probabilities);
  Tensor y = forward(batch, observed.probabilities());
  if (!any_tracked({&queries, &keys_values})) return Variable(std::move(y));
  const Variable leaf = observed.leaf();
  const auto vjp = [batch = std::move(batch), contrast = contrasts_all(tape)](
                       const Tensor& dy, InputCotangents& inputs) {
    const std::int64_t rows = batch.query_matrix.rows();
    const std::int64_t count = rows == 0 ? 0 : dy.rows() / rows;
    const bool query_wanted = inputs.wanted(0), key_wanted = inputs.wanted(1);
    Tensor dqueries, dkeys, dp;
    if (query_wanted) dqueries = new_cotangent(batch, dy.shape(), contrast);
    if (key_wanted) {
      const Tensor& keys = batch.key_matrix;
      dkeys = new_cotangent(batch, {count * keys.rows(), keys.width()}, contrast);
    }
    if (inputs.wanted(2)) dp = new_probability_cotangent(batch, count);
    pull_back(batch, dy, query_wanted ? &dqueries : nullptr, key_wanted ? &dkeys : nullptr,
              dp.defined() ? &dp : nullptr, contrast);
    if (query_wanted) inputs.add(0, std::move(dqueries));
    if (key_wanted) inputs.add(1, std::move(dkeys));
    if (dp.defined()) inputs.add(2, std::move(dp));
  };
  return record(std::move(y), {&queries, &keys_values, &leaf}, vjp);
}

}  // namespace pellucid
