// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/block_norm.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/contrast.h"
#include "pellucid/ops/in_place.h"

#define HWY_TARGET_INCLUDE "pellucid/ops/block_norm.cpp"
#include "pellucid/ops/norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

float block_norm_row(NormKind kind, const float* x, const float* gain, const float* bias,
                     float epsilon, float* y, float* normalised, std::int64_t width) {
  if (kind == NormKind::rms) {
    return norm_row<false>(x, nullptr, gain, bias, epsilon, y, normalised, width);
  }
  return norm_row<true>(x, nullptr, gain, bias, epsilon, y, normalised, width);
}

void block_norm_vjp_row(NormKind kind, const float* normalised, float inverse, const float* gain,
                        const float* dy, float* dx, std::int64_t width) {
  if (kind == NormKind::rms) return norm_vjp_row<false>(normalised, inverse, gain, dy, dx, width);
  norm_vjp_row<true>(normalised, inverse, gain, dy, dx, width);
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(block_norm_row);
HWY_EXPORT(block_norm_vjp_row);

/// Rows that make a thread worth waking.
std::int64_t grain(std::int64_t width) { return 16384 / (width + 1) + 1; }

struct Saved {
  std::vector<NormBlock> blocks;
  NormKind kind;
  Tensor normalised;  // [rows, columns of the blocks]
  Tensor inverse;     // [rows, number of blocks]
};

/// body(block, first column, index) for each block of a row, those of one gain one by one.
template <class Body>
void for_blocks(const std::vector<NormBlock>& blocks, const Body& body) {
  std::int64_t column = 0, index = 0;
  for (const NormBlock& block : blocks) {
    for (std::int64_t i = 0; i < block.count; ++i) {
      body(block, column, index++);
      column += block.gain.size();
    }
  }
}

/// dy: [K * rows, width]
Tensor pull_back(const Saved& saved, Tensor dy) {
  const float* from = dy.data();
  const std::int64_t rows = saved.normalised.rows(), width = dy.width();
  const std::int64_t columns = saved.normalised.width();
  const std::int64_t count = rows == 0 ? 0 : dy.rows() / rows;
  Tensor dx = in_place_or_new(dy);
  parallel_for(rows * count, grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const float* dy_row = from + r * width;
      float* dx_row = dx.row(r);
      for_blocks(saved.blocks, [&](const NormBlock& block, std::int64_t column, std::int64_t i) {
        HWY_DYNAMIC_DISPATCH(block_norm_vjp_row)
        (saved.kind, saved.normalised.row(r % rows) + column, saved.inverse.row(r % rows)[i],
         block.gain.data(), dy_row + column, dx_row + column, block.gain.size());
      });
      if (dx_row != dy_row) std::copy(dy_row + columns, dy_row + width, dx_row + columns);
    }
  });
  return dx;
}

/// The same by multipliers: rows of the real input, then as many of the baseline.
Tensor contrast_pull_back(const Saved& saved, const Tensor& dy) {
  const std::int64_t rows = saved.normalised.rows(), half = rows / 2;
  const std::int64_t columns = saved.normalised.width();
  Tensor dx = Tensor::zeros(dy.shape());
  for (std::int64_t r = 0; r < dy.rows(); ++r) {
    const std::int64_t real = r % rows;
    if (real >= half) continue;
    for_blocks(saved.blocks, [&](const NormBlock& block, std::int64_t column, std::int64_t i) {
      contrast_norm({.centred = saved.kind == NormKind::layer,
                     .normalised = saved.normalised.row(real) + column,
                     .base_normalised = saved.normalised.row(half + real) + column,
                     .inverse = saved.inverse.row(real)[i],
                     .base_inverse = saved.inverse.row(half + real)[i],
                     .gain = block.gain.data(),
                     .width = block.gain.size()},
                    dy.row(r) + column, dx.row(r) + column);
    });
    std::copy(dy.row(r) + columns, dy.row(r) + dy.width(), dx.row(r) + columns);
  }
  return dx;
}

}  // namespace

Variable block_norm(Variable x, const std::vector<NormBlock>& blocks, NormKind kind,
                    float epsilon) {
  std::int64_t columns = 0, count = 0;
  for_blocks(blocks, [&](const NormBlock& block, std::int64_t, std::int64_t) {
    check(!block.bias.defined() || block.bias.size() == block.gain.size(),
          "block_norm: gain is {} and bias {}, expected one size", block.gain.shape().text(),
          block.bias.shape().text());
    columns += block.gain.size();
    ++count;
  });
  const std::int64_t width = x.width(), rows = x.rows();
  check(columns <= width, "block_norm: blocks of {} columns, but x is {}", columns,
        x.value.shape().text());
  std::unique_ptr<Saved> saved;
  if (x.tracked()) {
    saved.reset(new Saved{blocks, kind, Tensor::uninitialized({rows, columns}),
                          Tensor::uninitialized({rows, count})});
  }
  const float* from = x.value.data();
  Tensor y = in_place_or_new(x.value);
  parallel_for(rows, grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const float* x_row = from + r * width;
      float* y_row = y.row(r);
      for_blocks(blocks, [&](const NormBlock& block, std::int64_t column, std::int64_t i) {
        const float inverse = HWY_DYNAMIC_DISPATCH(block_norm_row)(
            kind, x_row + column, block.gain.data(),
            block.bias.defined() ? block.bias.data() : nullptr, epsilon, y_row + column,
            saved ? saved->normalised.row(r) + column : nullptr, block.gain.size());
        if (saved) saved->inverse.row(r)[i] = inverse;
      });
      if (y_row != x_row) std::copy(x_row + columns, x_row + width, y_row + columns);
    }
  });
  if (!x.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&x},
                [saved = std::move(*saved), contrast = contrasts_all(x.tape)](
                    Tensor dy, InputCotangents& inputs) {
                  Tensor dx =
                      contrast ? contrast_pull_back(saved, dy) : pull_back(saved, std::move(dy));
                  inputs.add(0, std::move(dx));
                });
}

}  // namespace pellucid
#endif
