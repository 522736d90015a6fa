// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tensor/arena.h"

#include <array>
#include <atomic>
#include <bit>
#include <mutex>
#include <new>
#include <vector>

namespace pellucid {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSmallestBlock = 256;
constexpr std::size_t kStepsPerOctave = 4;  // at most a quarter of a block is waste
constexpr std::size_t kSharedFrom = std::size_t{1} << 20;
constexpr std::size_t kClasses = 40 * kStepsPerOctave;

std::atomic<std::size_t> total_bytes{0};
std::atomic<std::size_t> peak_bytes{0};

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

/// Sizes 256 * 2^o * (4 + s) / 4 for octave o and step s.
SizeClass size_class(std::size_t bytes) {
  if (bytes <= kSmallestBlock) return {0, kSmallestBlock};
  const auto octave = static_cast<std::size_t>(std::bit_width((bytes - 1) / kSmallestBlock)) - 1;
  const std::size_t base = kSmallestBlock << octave;
  const std::size_t step = base / kStepsPerOctave;
  const std::size_t steps = (bytes - base + step - 1) / step;  // 1 .. kStepsPerOctave
  return {octave * kStepsPerOctave + steps, base + steps * step};
}

void free_block(void* block, std::size_t bytes) {
  ::operator delete (block, std::align_val_t{kAlignment});
  total_bytes.fetch_sub(bytes, std::memory_order_relaxed);
}

class Pool {
 public:
  ~Pool() { release(); }

  void* take(const SizeClass& wanted) {
    auto& blocks = free_[wanted.index];
    if (!blocks.empty()) {
      void* block = blocks.back();
      blocks.pop_back();
      return block;
    }
    const std::size_t now =
        total_bytes.fetch_add(wanted.bytes, std::memory_order_relaxed) + wanted.bytes;
    std::size_t seen = peak_bytes.load(std::memory_order_relaxed);
    while (seen < now && !peak_bytes.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
    return ::operator new (wanted.bytes, std::align_val_t{kAlignment});
  }

  void give(void* block, const SizeClass& size) { free_[size.index].push_back(block); }

  void release() {
    for (std::size_t index = 0; index < kClasses; ++index) {
      for (void* block : free_[index]) free_block(block, bytes_of(index));
      free_[index].clear();
    }
  }

 private:
  static std::size_t bytes_of(std::size_t index) {
    if (index == 0) return kSmallestBlock;
    const std::size_t octave = (index - 1) / kStepsPerOctave;
    const std::size_t base = kSmallestBlock << octave;
    return base + (index - octave * kStepsPerOctave) * (base / kStepsPerOctave);
  }

  std::array<std::vector<void*>, kClasses> free_;
};

/// Null before the first and after the last use of the thread, when blocks go straight back to the
/// system.
thread_local Pool* current_pool = nullptr;

struct PoolOwner {
  Pool pool;
  PoolOwner() { current_pool = &pool; }
  ~PoolOwner() { current_pool = nullptr; }
};

Pool& thread_pool() {
  thread_local PoolOwner owner;
  return owner.pool;
}

struct SharedPool {
  std::mutex mutex;
  Pool pool;
};

/// Never destroyed: blocks may come back when the program ends.
SharedPool& shared_pool() {
  static auto* const pool = new SharedPool;
  return *pool;
}

std::shared_ptr<void> shared_block(const SizeClass& size) {
  SharedPool& shared = shared_pool();
  const std::lock_guard lock(shared.mutex);
  return {shared.pool.take(size), [&shared, size](void* freed) {
            const std::lock_guard returned(shared.mutex);
            shared.pool.give(freed, size);
          }};
}

}  // namespace

std::shared_ptr<void> arena_block(std::size_t bytes) {
  const SizeClass size = size_class(bytes);
  if (size.bytes >= kSharedFrom) return shared_block(size);
  void* block = thread_pool().take(size);
  return {block, [size](void* freed) {
            if (current_pool != nullptr) {
              current_pool->give(freed, size);
            } else {
              free_block(freed, size.bytes);
            }
          }};
}

std::size_t arena_bytes() { return total_bytes.load(std::memory_order_relaxed); }
std::size_t arena_peak_bytes() { return peak_bytes.load(std::memory_order_relaxed); }

void release_arena() {
  thread_pool().release();
  const std::lock_guard lock(shared_pool().mutex);
  shared_pool().pool.release();
}

}  // namespace pellucid
