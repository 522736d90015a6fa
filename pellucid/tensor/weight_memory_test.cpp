// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tensor/weight_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace pellucid {
namespace {

TEST(WeightMemory, BlocksAreAlignedAndApart) {
  const std::size_t sizes[] = {1, 63, 64, 1000, 3 << 20, 40 << 20, 5};
  std::vector<std::shared_ptr<void>> blocks;
  int value = 1;
  for (const std::size_t size : sizes) {
    blocks.push_back(weight_block(size));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(blocks.back().get()) % 64, 0U);
    std::memset(blocks.back().get(), value++, size);
  }
  value = 1;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto* bytes = static_cast<const unsigned char*>(blocks[i].get());
    ASSERT_EQ(bytes[0], value);
    ASSERT_EQ(bytes[sizes[i] - 1], value++);
  }
}

TEST(WeightMemory, ABlockOutlivesItsNeighbours) {
  std::shared_ptr<void> first = weight_block(100);
  const std::shared_ptr<void> second = weight_block(100);
  std::memset(second.get(), 7, 100);
  first.reset();
  EXPECT_EQ(static_cast<unsigned char*>(second.get())[99], 7);
}

}  // namespace
}  // namespace pellucid
