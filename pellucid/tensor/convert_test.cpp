// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tensor/convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// By the definition of the format, apart from NaN.
double half_by_definition(unsigned bits) {
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  const int exponent = static_cast<int>((bits >> 10) & 31U);
  const double mantissa = bits & 0x3FFU;
  if (exponent == 31) return sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(mantissa + 1024, exponent - 25);
}

std::vector<std::uint16_t> all_sixteen_bits() {
  std::vector<std::uint16_t> all(1 << 16);
  for (unsigned bits = 0; bits < all.size(); ++bits) all[bits] = static_cast<std::uint16_t>(bits);
  return all;
}

TEST(Convert, EveryHalf) {
  const auto halves = all_sixteen_bits();
  std::vector<float> floats(halves.size());
  convert_to_f32(DType::f16, halves.data(), 1 << 16, floats.data());
  for (unsigned bits = 0; bits < floats.size(); ++bits) {
    if ((bits & 0x7C00U) == 0x7C00U && (bits & 0x3FFU) != 0) {
      ASSERT_TRUE(std::isnan(floats[bits])) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(floats[bits]), half_by_definition(bits)) << bits;
    }
    ASSERT_EQ(std::signbit(floats[bits]), (bits & 0x8000U) != 0) << bits;
  }
}

TEST(Convert, EveryBfloat16) {
  const auto stored = all_sixteen_bits();
  std::vector<float> floats(stored.size());
  convert_to_f32(DType::bf16, stored.data(), 1 << 16, floats.data());
  for (unsigned bits = 0; bits < floats.size(); ++bits) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(floats[bits]), bits << 16);
  }
}

TEST(Convert, DoublesAndFloatsAtOddAddresses) {
  const double doubles[] = {0.1, -1e300, 1e-60, std::numeric_limits<double>::quiet_NaN()};
  std::vector<char> bytes(sizeof doubles + 1);
  std::memcpy(bytes.data() + 1, doubles, sizeof doubles);
  float floats[4];
  convert_to_f32(DType::f64, bytes.data() + 1, 4, floats);
  EXPECT_EQ(floats[0], 0.1F);
  EXPECT_EQ(floats[1], -std::numeric_limits<float>::infinity());
  EXPECT_EQ(floats[2], 0.0F);
  EXPECT_TRUE(std::isnan(floats[3]));
  std::memcpy(bytes.data() + 1, floats, sizeof floats);
  float copy[4];
  convert_to_f32(DType::f32, bytes.data() + 1, 4, copy);
  EXPECT_EQ(std::memcmp(copy, floats, sizeof copy), 0);
}

TEST(Convert, ManyAcrossThreads) {
  const std::int64_t count = 1'100'003;
  std::vector<std::uint16_t> halves(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i % 31000);
  std::vector<float> floats(halves.size());
  convert_to_f32(DType::f16, halves.data(), count, floats.data());
  for (std::size_t i = 0; i < halves.size(); ++i) ASSERT_EQ(floats[i], half_to_float(halves[i]));
  floats[5] = floats[1'000'000] = std::numeric_limits<float>::quiet_NaN();
  floats[7] = -std::numeric_limits<float>::infinity();
  const NonFinite found = count_non_finite(floats.data(), count);
  EXPECT_EQ(found.nan, 2);
  EXPECT_EQ(found.infinite, 1);
}

TEST(Convert, RefusesIntegers) {
  float target = 0;
  EXPECT_THROW(convert_to_f32(DType::i32, &target, 1, &target), Error);
}

TEST(DTypes, NamesAndSizes) {
  for (const DType dtype : kAllDTypes) EXPECT_EQ(parse_dtype(name(dtype)), dtype);
  EXPECT_EQ(parse_dtype("F33"), std::nullopt);
  EXPECT_EQ(size(DType::bf16), 2U);
  EXPECT_EQ(size(DType::boolean), 1U);
  EXPECT_TRUE(is_floating(DType::f64));
  EXPECT_FALSE(is_floating(DType::i64));
}

}  // namespace
}  // namespace pellucid
