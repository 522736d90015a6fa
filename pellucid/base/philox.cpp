// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/philox.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <utility>

namespace pellucid {
namespace {

/// Box and Muller 1958: words 0 and 1 make two normals, words 2 and 3 two more.
std::array<double, 4> block_normals(const PhiloxBlock& words) {
  std::array<double, 4> result{};
  for (std::size_t pair = 0; pair < 4; pair += 2) {
    const double radius = std::sqrt(-2 * std::log(open_uniform(words[pair])));
    const double angle = 2 * std::numbers::pi * open_uniform(words[pair + 1]);
    result[pair] = radius * std::cos(angle);
    result[pair + 1] = radius * std::sin(angle);
  }
  return result;
}

/// values[i] = element i mod 4 of make(block i div 4)
template <class Make>
void fill(std::span<float> values, const Make& make) {
  for (std::size_t start = 0; start < values.size(); start += 4) {
    const auto four = make(static_cast<std::uint32_t>(start / 4));
    const std::size_t count = std::min<std::size_t>(4, values.size() - start);
    for (std::size_t i = 0; i < count; ++i) values[start + i] = static_cast<float>(four[i]);
  }
}

}  // namespace

PhiloxBlock philox(PhiloxBlock counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

std::uint32_t hash_ids(std::span<const std::int32_t> ids, std::uint32_t start) {
  std::uint32_t hash = start;
  for (const std::int32_t id : ids) {
    const auto word = static_cast<std::uint32_t>(id);
    for (int shift = 0; shift < 32; shift += 8)
      hash = (hash ^ ((word >> shift) & 0xFFU)) * 16777619U;
  }
  return hash;
}

double Draws::normal(std::uint32_t index) const {
  return block_normals(block(index / 4))[index % 4];
}

void Draws::uniforms(std::span<float> values) const {
  fill(values, [this](std::uint32_t index) {
    const PhiloxBlock words = block(index);
    return std::array<float, 4>{unit_uniform(words[0]), unit_uniform(words[1]),
                                unit_uniform(words[2]), unit_uniform(words[3])};
  });
}

void Draws::normals(std::span<float> values) const {
  fill(values, [this](std::uint32_t index) { return block_normals(block(index)); });
}

bool Draws::coin(std::uint32_t unit) const {
  return ((block(unit / 128)[unit % 128 / 32] >> (unit % 32)) & 1U) != 0;
}

std::vector<bool> Draws::coins(std::uint32_t count) const {
  std::vector<bool> result(count);
  PhiloxBlock words{};
  for (std::uint32_t unit = 0; unit < count; ++unit) {
    if (unit % 128 == 0) words = block(unit / 128);
    result[unit] = ((words[unit % 128 / 32] >> (unit % 32)) & 1U) != 0;
  }
  return result;
}

std::vector<std::uint32_t> Draws::permutation(std::uint32_t count) const {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  PhiloxBlock words{};
  for (std::uint32_t draw = 0; draw + 1 < count; ++draw) {
    if (draw % 4 == 0) words = block(draw / 4);
    const std::uint32_t last = count - 1 - draw;
    std::swap(order[last], order[index_below(words[draw % 4], last + 1)]);
  }
  return order;
}

}  // namespace pellucid
