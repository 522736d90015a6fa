// SPDX-License-Identifier: Apache-2.0
// The kernels of every instruction set against the scalar rounding, over all exponents and the
// numbers at which rounding turns.
#include "pellucid/ops/bfloat16.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "pellucid/ops/testing/check_op.h"
#include "pellucid/tensor/convert.h"

namespace pellucid {
namespace {

/// To nearest, ties to even; NaN stays NaN, quiet.
std::uint16_t float_to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16;
  const bool nan = (bits & 0x7FFFFFFFU) > 0x7F800000U;
  return static_cast<std::uint16_t>(nan ? (bits >> 16) | 0x40U : rounded);
}

std::vector<float> awkward_values() {
  std::vector<float> values;
  for (std::uint32_t exponent = 0; exponent < 256; ++exponent) {
    for (const std::uint32_t mantissa : {0x0U, 0x1U, 0x7FFFU, 0x8000U, 0x8001U, 0x17FFFU, 0x18000U,
                                         0x18001U, 0x400000U, 0x7F7FFFU, 0x7F8000U, 0x7FFFFFU}) {
      for (const std::uint32_t sign : {0U, 1U}) {
        values.push_back(std::bit_cast<float>(sign << 31 | exponent << 23 | mantissa));
      }
    }
  }
  return values;
}

/// The definition itself, where rounding turns.
TEST(Bfloat16, DefinitionRoundsToNearestEven) {
  const auto rounded = [](std::uint32_t bits) {
    return float_to_bfloat16(std::bit_cast<float>(bits));
  };
  EXPECT_EQ(rounded(0x3F808000), 0x3F80);  // half way, even below
  EXPECT_EQ(rounded(0x3F818000), 0x3F82);  // half way, even above
  EXPECT_EQ(rounded(0x3F808001), 0x3F81);
  EXPECT_EQ(rounded(0x3F807FFF), 0x3F80);
  EXPECT_EQ(rounded(0x7F7FFFFF), 0x7F80);  // the largest float rounds to infinity
  EXPECT_EQ(rounded(0xFF800000), 0xFF80);
  EXPECT_EQ(rounded(0x7F800001), 0x7FC0);  // NaN whose payload is cut away stays NaN
  EXPECT_EQ(rounded(0x00008000), 0x0000);
  EXPECT_EQ(rounded(0x80018000), 0x8002);
}

TEST(Bfloat16, RoundsToNearestOnEveryInstructionSet) {
  const std::vector<float> values = awkward_values();
  testing::for_each_target([&] {
    for (std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{19}, values.size()}) {
      std::vector<std::uint16_t> rounded(size + 1, 0xABCD);
      round_to_bf16(values.data(), static_cast<std::int64_t>(size), rounded.data());
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(rounded[i], float_to_bfloat16(values[i])) << values[i];
      }
      EXPECT_EQ(rounded[size], 0xABCD) << "wrote behind the end";
    }
  });
}

TEST(Bfloat16, HighAndLowAddUpTo16Bits) {
  const std::vector<float> values = awkward_values();
  std::vector<std::uint16_t> high(values.size()), low(values.size());
  testing::for_each_target([&] {
    split_to_bf16(values.data(), static_cast<std::int64_t>(values.size()), high.data(), low.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float upper = bfloat16_to_float(high[i]);
      const float sum = upper + bfloat16_to_float(low[i]);
      ASSERT_EQ(high[i], float_to_bfloat16(values[i])) << values[i];
      if (std::isnan(values[i])) {
        ASSERT_TRUE(std::isnan(sum));
      } else if (!std::isfinite(upper)) {
        ASSERT_EQ(sum, upper) << values[i];
      } else {
        // Of normal numbers the rest keeps eight bits below the eight of the high part.
        const float limit = std::max(std::abs(values[i]) * 0x1p-17F, 0x1p-133F);
        ASSERT_LE(std::abs(sum - values[i]), limit) << values[i];
      }
    }
  });
}

}  // namespace
}  // namespace pellucid
