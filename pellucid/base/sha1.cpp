// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/sha1.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <string>

namespace pellucid {
namespace {

constexpr std::size_t kBlock = 64;
using State = std::array<std::uint32_t, 5>;

void compress(State& state, const std::uint8_t* block) {
  std::uint32_t w[80];
  for (int i = 0; i < 16; ++i) {
    w[i] = std::uint32_t{block[4 * i]} << 24 | std::uint32_t{block[4 * i + 1]} << 16 |
           std::uint32_t{block[4 * i + 2]} << 8 | std::uint32_t{block[4 * i + 3]};
  }
  for (int i = 16; i < 80; ++i) {
    w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  }
  auto [a, b, c, d, e] = state;
  for (int i = 0; i < 80; ++i) {
    std::uint32_t mixed = 0;
    if (i < 20) {
      mixed = ((b & c) | (~b & d)) + 0x5a827999U;
    } else if (i < 40) {
      mixed = (b ^ c ^ d) + 0x6ed9eba1U;
    } else if (i < 60) {
      mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
    } else {
      mixed = (b ^ c ^ d) + 0xca62c1d6U;
    }
    const std::uint32_t next = std::rotl(a, 5) + mixed + e + w[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  const State sum{a, b, c, d, e};
  for (std::size_t i = 0; i < sum.size(); ++i) state[i] += sum[i];
}

/// Gathers bytes to blocks.
class Hasher {
 public:
  void add(std::string_view bytes) {
    length_ += bytes.size();
    while (!bytes.empty()) {
      const std::size_t count = std::min(kBlock - filled_, bytes.size());
      std::memcpy(block_ + filled_, bytes.data(), count);
      bytes.remove_prefix(count);
      filled_ += count;
      if (filled_ == kBlock) {
        compress(state_, block_);
        filled_ = 0;
      }
    }
  }

  std::array<std::uint8_t, 20> finish() {
    const std::uint64_t bits = length_ * 8;
    std::string tail(1, '\x80');
    while ((filled_ + tail.size()) % kBlock != kBlock - sizeof bits) tail += '\0';
    for (int shift = 56; shift >= 0; shift -= 8) tail += static_cast<char>(bits >> shift & 0xff);
    add(tail);
    std::array<std::uint8_t, 20> digest{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
      digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    }
    return digest;
  }

 private:
  State state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  std::uint8_t block_[kBlock] = {};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view head, std::string_view bytes) {
  Hasher hasher;
  hasher.add(head);
  hasher.add(bytes);
  return hasher.finish();
}

std::array<std::uint8_t, 20> git_blob_hash(std::string_view bytes) {
  std::string head = "blob " + std::to_string(bytes.size());
  head += '\0';
  return sha1(head, bytes);
}

}  // namespace pellucid
