// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/embedding.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "pellucid/base/error.h"
#include "pellucid/ops/testing/check_op.h"

namespace pellucid {
namespace {

using namespace testing;

/// The number that 16 bits stand for: sign, `exponent_bits`, fraction.
double decode(std::uint16_t bits, int exponent_bits) {
  const int fraction_bits = 15 - exponent_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const double significand = std::ldexp(fraction, -fraction_bits) + (exponent > 0 ? 1 : 0);
  return (bits >> 15 ? -1 : 1) * std::ldexp(significand, std::max(exponent, 1) - bias);
}

/// All finite numbers of 16 bits with 5 (f16) or 8 (bf16) bits of exponent, in rows of `width`.
std::vector<std::uint16_t> all_finite(int exponent_bits, std::int64_t width) {
  std::vector<std::uint16_t> all;
  const int largest = ((1 << exponent_bits) - 1) << (15 - exponent_bits);
  for (int sign = 0; sign < 2; ++sign) {
    for (int bits = 0; bits < largest; ++bits) {
      all.push_back(static_cast<std::uint16_t>(bits | sign << 15));
    }
  }
  all.resize(all.size() / static_cast<std::size_t>(width) * static_cast<std::size_t>(width));
  return all;
}

TEST(Embedding, ReadsEveryHalf) {
  for_each_target([] {
    for (const DType type : {DType::f16, DType::bf16}) {
      const std::int64_t width = 37;
      const int exponent_bits = type == DType::f16 ? 5 : 8;
      const auto numbers = all_finite(exponent_bits, width);
      const auto rows = static_cast<std::int64_t>(numbers.size()) / width;
      const EmbeddingTable table{nullptr, numbers.data(), type, rows, width};
      std::vector<std::int32_t> ids;
      for (std::int32_t id = 0; id < rows; ++id) ids.push_back(id);
      const Tensor y = gather(table, ids);
      for (std::int64_t i = 0; i < y.size(); ++i) {
        const std::uint16_t bits = numbers[static_cast<std::size_t>(i)];
        ASSERT_EQ(y.data()[i], decode(bits, exponent_bits)) << bits;
      }
    }
  });
}

TEST(Embedding, GathersAndAdds) {
  for (const std::int64_t width : {1, 5, 16, 768}) {
    const Tensor weights = random_tensor({10, width}, 1);
    const EmbeddingTable table{nullptr, weights.data(), DType::f32, 10, width};
    const std::vector<std::int32_t> ids{3, 0, 9, 3};
    Tensor sum = gather(table, ids);
    EXPECT_EQ(sum.shape(), (Shape{4, width}));
    gather_add(table, std::vector<std::int32_t>{1, 1, 2, 0}, sum);
    for (std::int64_t i = 0; i < width; ++i) {
      EXPECT_EQ(sum.row(0)[i], weights.row(3)[i] + weights.row(1)[i]);
      EXPECT_EQ(sum.row(2)[i], weights.row(9)[i] + weights.row(2)[i]);
      EXPECT_EQ(sum.row(3)[i], weights.row(3)[i] + weights.row(0)[i]);
    }
  }
}

TEST(Embedding, NoIds) {
  const EmbeddingTable table{nullptr, nullptr, DType::f16, 10, 3};
  EXPECT_EQ(gather(table, {}).shape(), (Shape{0, 3}));
}

TEST(Embedding, RefusesIdsThatAreNotThere) {
  const Tensor weights = random_tensor({10, 3}, 1);
  const EmbeddingTable table{nullptr, weights.data(), DType::f32, 10, 3};
  try {
    gather(table, std::vector<std::int32_t>{1, 10});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "id 10 at position 1 is not in the embedding table, which has 10 rows");
  }
  EXPECT_THROW(gather(table, std::vector<std::int32_t>{-1}), Error);
  const EmbeddingTable integers{nullptr, weights.data(), DType::i32, 10, 3};
  EXPECT_THROW(gather(integers, std::vector<std::int32_t>{1}), Error);
}

}  // namespace
}  // namespace pellucid
