// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/embedding.h"

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/embedding.cpp"
#include "pellucid/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// `count` numbers of 16 bits, 0 < count <= lanes(), as floats, then zeros.
template <class Half>
HWY_INLINE Vector load_halves(const Half* from, std::int64_t count) {
  const hn::Rebind<Half, Floats> d;
  if (count >= lanes()) return hn::PromoteTo(Floats(), hn::LoadU(d, from));
  HWY_ALIGN Half padded[hn::MaxLanes(Floats())] = {};
  for (std::int64_t i = 0; i < count; ++i) padded[i] = from[i];
  return hn::PromoteTo(Floats(), hn::Load(d, padded));
}

template <class Load>
HWY_INLINE void write_row(const Load& load, bool add, float* row, std::int64_t width) {
  for_vectors(width, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    Vector v = load(i, count);
    if (add) v = hn::Add(load_first(row + i, count), v);
    store_first(v, row + i, count);
  });
}

/// row = or += row `id` of the table
void read_row(const EmbeddingTable& table, std::int64_t id, bool add, float* row) {
  const std::int64_t start = id * table.width;
  if (table.type == DType::f32) {
    const float* from = static_cast<const float*>(table.data) + start;
    const auto load = [=](std::int64_t i, std::int64_t count)
                          HWY_ATTR { return load_first(from + i, count); };
    write_row(load, add, row, table.width);
  } else if (table.type == DType::f16) {
    const auto* from = static_cast<const hwy::float16_t*>(table.data) + start;
    const auto load = [=](std::int64_t i, std::int64_t count)
                          HWY_ATTR { return load_halves(from + i, count); };
    write_row(load, add, row, table.width);
  } else {
    const auto* from = static_cast<const hwy::bfloat16_t*>(table.data) + start;
    const auto load = [=](std::int64_t i, std::int64_t count)
                          HWY_ATTR { return load_halves(from + i, count); };
    write_row(load, add, row, table.width);
  }
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(read_row);

void read_rows(const EmbeddingTable& table, std::span<const std::int32_t> ids, bool add,
               Tensor& rows) {
  check(table.type == DType::f32 || table.type == DType::f16 || table.type == DType::bf16,
        "an embedding table is stored as {}, expected F32, F16 or BF16", name(table.type));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    check(0 <= ids[i] && ids[i] < table.rows,
          "id {} at position {} is not in the embedding table, which has {} rows", ids[i], i,
          table.rows);
  }
  const std::int64_t grain = 16384 / (table.width + 1) + 1;
  const auto count = static_cast<std::int64_t>(ids.size());
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      HWY_DYNAMIC_DISPATCH(read_row)(table, ids[static_cast<std::size_t>(i)], add, rows.row(i));
    }
  });
}

}  // namespace

Tensor gather(const EmbeddingTable& table, std::span<const std::int32_t> ids) {
  Tensor rows = Tensor::uninitialized({static_cast<std::int64_t>(ids.size()), table.width});
  read_rows(table, ids, false, rows);
  return rows;
}

void gather_add(const EmbeddingTable& table, std::span<const std::int32_t> ids, Tensor& sum) {
  check(sum.rows() == static_cast<std::int64_t>(ids.size()) && sum.width() == table.width,
        "gather_add: the sum is {}, expected [{}, {}]", sum.shape().text(), ids.size(),
        table.width);
  read_rows(table, ids, true, sum);
}

}  // namespace pellucid
#endif
