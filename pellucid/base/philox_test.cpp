// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace pellucid {
namespace {

const std::vector<std::int32_t> kIds = {101, 1045, 2293, 2023, 102};

TEST(Philox, KnownBlocks) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (PhiloxBlock{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  constexpr std::uint32_t ones = 0xFFFFFFFF;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (PhiloxBlock{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(philox({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}),
            (PhiloxBlock{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(Philox, UniformsIndicesAndNormals) {
  EXPECT_EQ(index_below(0x6627E8D5, 10), 3U);
  EXPECT_EQ(unit_uniform(0), 0.0F);
  EXPECT_LT(unit_uniform(0xFFFFFFFF), 1.0F);
  EXPECT_GT(open_uniform(0), 0.0);
  EXPECT_LT(open_uniform(0xFFFFFFFF), 1.0);
  EXPECT_EQ(index_below(0xFFFFFFFF, 0xFFFFFFFF), 0xFFFFFFFEU);
  const double radius = std::sqrt(-2 * std::log(open_uniform(0x6627E8D5)));
  const double angle = 2 * 3.14159265358979323846 * open_uniform(0xE169C58D);
  EXPECT_NEAR(radius * std::cos(angle), 0.9911, 5e-5);
  EXPECT_NEAR(radius * std::sin(angle), -0.9247, 5e-5);
}

TEST(Philox, HashOfIds) {
  EXPECT_EQ(hash_ids(kIds), 0x6D109FECU);
  const std::span<const std::int32_t> all(kIds);
  EXPECT_EQ(hash_ids(all.subspan(2), hash_ids(all.first(2))), 0x6D109FECU);
  EXPECT_EQ(hash_ids({}), kHashStart);
}

TEST(Philox, Coins) {
  const Draws first(0, Stream::masks, 0, hash_ids(kIds));
  EXPECT_EQ(first.block(0), (PhiloxBlock{0x92EDAF85, 0x5F805EFF, 0xBEE3EB4A, 0x6C183315}));
  const Draws second(0, Stream::masks, 1, hash_ids(kIds));
  std::string bits[2];
  for (std::uint32_t unit = 0; unit < 8; ++unit) {
    bits[0] += first.coin(unit) ? '1' : '0';
    bits[1] += second.coin(unit) ? '1' : '0';
  }
  EXPECT_EQ(bits[0], "10100001");
  EXPECT_EQ(bits[1], "00100111");
  const std::vector<bool> coins = first.coins(300);
  for (std::uint32_t unit = 0; unit < 300; ++unit) EXPECT_EQ(coins[unit], first.coin(unit));
}

TEST(Philox, Permutations) {
  const Draws draws(0, Stream::permutations, 0, hash_ids(kIds));
  EXPECT_EQ(draws.permutation(6), (std::vector<std::uint32_t>{3, 2, 1, 4, 0, 5}));
  EXPECT_TRUE(draws.permutation(0).empty());
  EXPECT_EQ(draws.permutation(1), std::vector<std::uint32_t>{0});
}

TEST(Philox, ManyEqualOneByOne) {
  const Draws draws(0x123456789ABCDEF0, Stream::noise, 7, 42);
  std::vector<float> uniforms(11), normals(11);
  draws.uniforms(uniforms);
  draws.normals(normals);
  for (std::uint32_t i = 0; i < 11; ++i) {
    EXPECT_EQ(uniforms[i], draws.uniform(i));
    EXPECT_EQ(normals[i], static_cast<float>(draws.normal(i)));
  }
}

TEST(Philox, SeedStreamProbeAndInputAllCount) {
  const PhiloxBlock block = Draws(1, Stream::noise, 2, 3).block(0);
  EXPECT_NE(block, Draws(1ULL << 32, Stream::noise, 2, 3).block(0));
  EXPECT_NE(block, Draws(1, Stream::alphas, 2, 3).block(0));
  EXPECT_NE(block, Draws(1, Stream::noise, 3, 3).block(0));
  EXPECT_NE(block, Draws(1, Stream::noise, 2, 4).block(0));
}

TEST(Philox, Moments) {
  constexpr int kCount = 100'000;
  std::vector<float> values(kCount);
  const Draws draws(0, Stream::noise, 0, 0);
  draws.normals(values);
  double sum = 0, squares = 0, kept = 0;
  for (int i = 0; i < kCount; ++i) {
    sum += values[static_cast<std::size_t>(i)];
    squares += std::pow(values[static_cast<std::size_t>(i)], 2);
    kept += draws.bernoulli(static_cast<std::uint32_t>(i), 0.3);
  }
  EXPECT_NEAR(sum / kCount, 0, 0.015);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
  EXPECT_NEAR(kept / kCount, 0.3, 0.007);
}

}  // namespace
}  // namespace pellucid
