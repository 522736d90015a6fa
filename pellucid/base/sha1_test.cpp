// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/sha1.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace pellucid {
namespace {

std::string hex(const std::array<std::uint8_t, 20>& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

TEST(Sha1, KnownAnswersOfFips180) {
  EXPECT_EQ(hex(sha1("", "")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex(sha1("a", "bc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(sha1("", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hex(sha1(std::string(1000, 'a'), std::string(999000, 'a'))),
            "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(Sha1, NamesFilesAsGitDoes) {
  EXPECT_EQ(hex(git_blob_hash("")), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(hex(git_blob_hash("hello\n")), "ce013625030ba8dba906f756967f9e9ca394464a");
}

}  // namespace
}  // namespace pellucid
