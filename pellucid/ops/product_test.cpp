// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "pellucid/base/parallel.h"

namespace pellucid {
namespace {

std::vector<float> random_values(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(generator);
  return values;
}

struct Case {
  std::int64_t rows, inputs, outputs;
};

class Product : public testing::TestWithParam<std::tuple<Case, Precision>> {
 protected:
  void SetUp() override {
    if (precision() != Precision::f32 && bf16_products() == Bf16Products::none) {
      GTEST_SKIP() << "this processor has no bf16 products";
    }
  }
  static Case shape() { return std::get<0>(GetParam()); }
  static Precision precision() { return std::get<1>(GetParam()); }

  /// Error of a sum of terms with this norm: operands rounded to 24, 16 or 8 bits, and f32 sums.
  static double tolerance(std::int64_t inputs, double norm) {
    const double sums = 2e-7 * std::sqrt(inputs) * (norm + 1);
    switch (precision()) {
      case Precision::bf16x3:
        return sums + 5 * 0x1p-16 * norm;
      case Precision::bf16:
        return sums + 5 * 0x1p-8 * norm;
      default:
        return sums;
    }
  }
};

TEST_P(Product, EqualsTheSumInDouble) {
  const auto [rows, inputs, outputs] = shape();
  const auto x = random_values(rows * inputs, 1);
  const auto w = random_values(inputs * outputs, 2);  // [outputs, inputs]
  const auto b = random_values(outputs, 3);
  const PackedMatrix matrix(w.data(), inputs, outputs, PackedMatrix::Layout::column_major,
                            precision());
  const Tensor input = Tensor::from(x, {rows, inputs});
  Tensor output = Tensor::uninitialized({rows, outputs});
  matrix.multiply(input, output, b.data());
  Tensor twice = output.clone();
  matrix.multiply_add(input, twice);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t n = 0; n < outputs; ++n) {
      double sum = 0, norm = 0;
      for (std::int64_t k = 0; k < inputs; ++k) {
        const double term = double{x[r * inputs + k]} * w[n * inputs + k];
        sum += term;
        norm += term * term;
      }
      norm = std::sqrt(norm);
      ASSERT_NEAR(output.row(r)[n], sum + b[n], tolerance(inputs, norm)) << r << ", " << n;
      ASSERT_NEAR(twice.row(r)[n], 2 * sum + b[n], 2 * tolerance(inputs, norm)) << r << ", " << n;
    }
  }
}

void expect_equal_rows(const Tensor& some, const Tensor& all) {
  const auto bytes = static_cast<std::size_t>(some.size()) * sizeof(float);
  if (rows_are_independent()) {
    EXPECT_EQ(0, std::memcmp(some.data(), all.data(), bytes)) << some.rows() << " rows";
    return;
  }
  for (std::int64_t i = 0; i < some.size(); ++i) {
    ASSERT_NEAR(some.data()[i], all.data()[i], 1e-4) << some.rows() << " rows";
  }
}

/// The same bits for a row whatever rows stand beside it and whoever computes it.
TEST_P(Product, RowsDoNotDependOnTheBatchOrTheThreads) {
  const std::int64_t most = shape().rows;
  const std::int64_t inputs = shape().inputs;
  const std::int64_t outputs = shape().outputs;  // clang 14 captures no structured bindings
  const auto x = random_values(most * inputs, 1);
  const auto w = random_values(inputs * outputs, 2);
  const PackedMatrix matrix(w.data(), inputs, outputs, PackedMatrix::Layout::row_major,
                            precision());
  Tensor all = Tensor::uninitialized({most, outputs});
  matrix.multiply(Tensor::from(x, {most, inputs}), all, nullptr);
  for (const std::int64_t rows : {1, 2, 3, 5, 8, 12, 17, 31, 64, 100, 128, 200, 256, 300}) {
    if (rows > most) continue;
    const Tensor part = Tensor::from(std::span(x).subspan(0, rows * inputs), {rows, inputs});
    Tensor shared = Tensor::uninitialized({rows, outputs});
    matrix.multiply(part, shared, nullptr);
    expect_equal_rows(shared, all);
    parallel_tasks(2, [&](std::int64_t) {
      Tensor alone = Tensor::uninitialized({rows, outputs});
      matrix.multiply(part, alone, nullptr);
      expect_equal_rows(alone, all);
    });
  }
}

/// A row in the middle of a tensor: what stands behind it is neither used nor overwritten.
TEST(ProductOfASlice, LeavesTheRestAlone) {
  const auto w = random_values(12, 1);
  const PackedMatrix matrix(w.data(), 3, 4, PackedMatrix::Layout::row_major);
  const Tensor x = Tensor::from(random_values(9, 2), {3, 3});
  Tensor y = Tensor::zeros({3, 4});
  Tensor middle = y.row_slice(1, 2);
  matrix.multiply(x.row_slice(1, 2), middle, nullptr);
  Tensor all = Tensor::uninitialized({3, 4});
  matrix.multiply(x, all, nullptr);
  for (int i = 0; i < 12; ++i) EXPECT_FLOAT_EQ(y.data()[i], i / 4 == 1 ? all.data()[i] : 0) << i;
}

/// Rounding is for numbers, not for what is none.
TEST(Bf16x3Product, KeepsInfinity) {
  if (bf16_products() == Bf16Products::none) GTEST_SKIP() << "no bf16 products";
  const auto w = random_values(12, 1);
  const PackedMatrix matrix(w.data(), 3, 4, PackedMatrix::Layout::row_major, Precision::bf16x3);
  Tensor x = Tensor::from(random_values(6, 2), {2, 3});
  x.row(1)[1] = std::numeric_limits<float>::infinity();
  Tensor y = Tensor::uninitialized({2, 4});
  matrix.multiply(x, y, nullptr);
  for (int n = 0; n < 4; ++n) {
    EXPECT_TRUE(std::isfinite(y.row(0)[n]));
    EXPECT_FALSE(std::isfinite(y.row(1)[n]));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Product,
    testing::Combine(testing::Values(Case{1, 1, 1}, Case{3, 5, 7}, Case{16, 384, 6},
                                     Case{40, 33, 130}, Case{320, 32, 48}, Case{320, 384, 1536},
                                     Case{320, 1536, 384}, Case{130, 3072, 768}, Case{130, 768, 2},
                                     Case{64, 768, 1}),
                     testing::Values(Precision::f32, Precision::bf16x3, Precision::bf16)),
    [](const auto& instance) {
      const Case shape = std::get<0>(instance.param);
      return std::to_string(shape.rows) + "x" + std::to_string(shape.inputs) + "x" +
             std::to_string(shape.outputs) + "_" + std::string(name(std::get<1>(instance.param)));
    });

}  // namespace
}  // namespace pellucid
